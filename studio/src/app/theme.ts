import { effect, signal } from "@preact/signals";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const PLACE = "voicecore.theme";

function kept(): Theme {
  try {
    return THEMES.find((each) => each === localStorage.getItem(PLACE)) ?? "auto";
  } catch {
    return "auto";
  }
}

export const theme = signal<Theme>(kept());
/** Counts up whenever colours may have changed, for what is drawn on a canvas. */
export const painted = signal(0);

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
  painted.value = painted.peek() + 1;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  painted.value += 1;
});

export function useTheme(wanted: Theme): void {
  theme.value = wanted;
  try {
    localStorage.setItem(PLACE, wanted);
  } catch {
    // Then it lasts as long as the page.
  }
}
