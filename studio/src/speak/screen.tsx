import { DraftsMenu } from "./drafts_menu";
import { Editor } from "./editor";
import { Exports } from "./exports";
import { Settings, useKnown } from "./settings";
import { Tour } from "./tour";
import { Transport } from "./transport";

export default function SpeakScreen() {
  useKnown();
  return (
    <div class="speak">
      <div class="speak-main">
        <DraftsMenu />
        <Editor />
        <Transport />
        <Exports />
      </div>
      <Settings />
      <Tour />
    </div>
  );
}
