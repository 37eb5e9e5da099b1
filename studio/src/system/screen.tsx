import { EnginesPanel } from "./engines";
import { HealthPanel } from "./health";
import { KeysPanel } from "./keys";
import { SpeedPanel } from "./speed";
import { StoredPanel, WorkersPanel } from "./stored";
import { t } from "./words";

export default function SystemScreen() {
  return (
    <>
      <div class="two-columns">
        <div class="column">
          <HealthPanel />
          <WorkersPanel />
          <SpeedPanel />
          <StoredPanel />
          <KeysPanel />
        </div>
        <EnginesPanel />
      </div>
      <p class="hint">
        <a href="/studio/licences.txt">{t("licences")}</a>
      </p>
    </>
  );
}
