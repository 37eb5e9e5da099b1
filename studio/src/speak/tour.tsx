/** For who is here for the first time: three steps that end with hearing one's own sentence. */
import { useSignal } from "@preact/signals";
import { engines, presets } from "../app/known";
import { common } from "../app/words";
import { Dialog } from "../parts/dialog";
import { Failed } from "../parts/states";
import { Time } from "../parts/sounds";
import { Waveform } from "../parts/waveform";
import { engineOf } from "./settings";
import { begin, change, draft, player, problem, running } from "./state";
import { seen, touring } from "./touring";
import { VoiceCards } from "./voice_cards";
import { t } from "./words";

export function Tour() {
  return touring.value ? <Steps /> : null;
}

function Steps() {
  const step = useSignal(1);
  if (engines.value.value === null || presets.value.value === null || draft.value.language === "") return null;
  if (draft.value.text === "" && step.value === 1) change({ text: t("tour_sentence") });
  return (
    <Dialog title={t("tour_title")} onClose={seen}>
      <p class="hint">{t("tour_step", { n: step.value })}</p>
      {step.value === 1 && <First />}
      {step.value === 2 && <Second />}
      {step.value === 3 && <Third />}
      <div class="actions">
        {step.value > 1 && (
          <button type="button" onClick={() => (step.value -= 1)}>
            {common("back")}
          </button>
        )}
        {step.value < 3 && (
          <button type="button" class="plain" onClick={seen}>
            {t("tour_skip")}
          </button>
        )}
        <button
          type="button" class="primary" disabled={draft.value.text.trim() === ""}
          onClick={() => {
            if (step.value === 3) return seen();
            step.value += 1;
            if (step.value === 3) void begin();
          }}
        >
          {step.value === 3 ? t("tour_heard") : step.value === 2 ? t("tour_3") : common("next")}
        </button>
      </div>
    </Dialog>
  );
}

function First() {
  return (
    <div class="field">
      <label for="tour-text">{t("tour_1")}</label>
      <textarea id="tour-text" dir="auto" rows={3} value={draft.value.text} onInput={(event) => change({ text: event.currentTarget.value })} />
      <p class="hint">{t("tour_1_hint")}</p>
    </div>
  );
}

function Second() {
  const engine = engineOf();
  const { language, voice } = draft.value;
  const few = (presets.value.value?.presets ?? []).filter((each) => each.engine === engine && each.languages.includes(language)).slice(0, 4);
  return (
    <>
      <p>{t("tour_2")}</p>
      <VoiceCards presets={few} voices={[]} engine={engine} language={language} chosen={voice} onChoose={(choice) => change({ voice: choice })} />
      <p class="hint">{t("tour_2_hint")}</p>
    </>
  );
}

function Third() {
  return (
    <>
      <blockquote dir="auto">{draft.value.text}</blockquote>
      <div class="sound-row">
        <Waveform player={player} height={56} />
        <Time player={player} />
      </div>
      <p role="status" class="hint">
        {running.value !== null && player.state.value === "waiting" ? t("waiting") : t("tour_3_hint")}
      </p>
      {problem.value !== null && <Failed error={problem.value} retry={() => void begin()} />}
    </>
  );
}
