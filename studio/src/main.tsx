import { render } from "preact";
import { sayProblem } from "./app/toasts";
import { Shell } from "./app/shell";
import "./styles/tokens.css";
import "./styles/controls.css";
import "./styles/layout.css";
import "./styles/screens.css";

addEventListener("unhandledrejection", (event) => sayProblem(event.reason));
const place = document.getElementById("studio");
if (place !== null) render(<Shell />, place);
