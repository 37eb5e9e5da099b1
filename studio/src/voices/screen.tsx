import { useSignal } from "@preact/signals";
import { Clone } from "./clone";
import { Consents } from "./consents";
import { Mix } from "./mix";
import { VoiceList } from "./voice_list";
import { t } from "./words";

export default function VoicesScreen() {
  const mixing = useSignal(false);
  const looking = useSignal(false);
  return (
    <div class="two-columns">
      <Clone />
      <div class="column">
        <section aria-label={t("mine")}>
          <VoiceList />
        </section>
        <details class="panel more" onToggle={(event) => (mixing.value = event.currentTarget.open)}>
          <summary>{t("mix")}</summary>
          {mixing.value && <Mix />}
        </details>
        <details class="panel more" onToggle={(event) => (looking.value = event.currentTarget.open)}>
          <summary>{t("consents")}</summary>
          {looking.value && <Consents />}
        </details>
      </div>
    </div>
  );
}
