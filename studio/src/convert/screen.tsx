import { AdvancedFold } from "../advanced/fields";
import { webhookWrong } from "../advanced/settings";
import { say } from "../app/toasts";
import { AUDIO, Drop, tooLarge } from "../parts/drop";
import { NumberField } from "../parts/field";
import { Icon } from "../parts/icon";
import { Failed } from "../parts/states";
import { SoundRow } from "../parts/sounds";
import { RvcKnobs } from "../rvc/knobs";
import { MOST_SEED } from "../rvc/settings";
import { BeforeAfter } from "./compare";
import { Models } from "./models";
import { advanced, convert, problem, seed, settings, source, stage, stop } from "./state";
import { t } from "./words";

const NO_SOUND = /^(text|image|font|application\/(pdf|json|zip))/;

function choose(file: File | undefined): void {
  if (file === undefined) return;
  const why = tooLarge(file);
  if (why !== null) say(t("large", { why }), "bad");
  else if (NO_SOUND.test(file.type)) say(t("not_sound", { name: file.name }), "bad");
  else source.value = file;
}

export default function ConvertScreen() {
  return (
    <div class="two-columns">
      <div class="column">
        <section class="panel column" aria-label={t("recording")}>
          <h2>{t("recording")}</h2>
          <Drop label={source.value ? t("chosen", { name: source.value.name }) : t("drop")} hint={t("drop_hint")} accept={AUDIO} onFiles={(files) => choose(files[0])} />
          {source.value && <SoundRow source={source.value} label={source.value.name} />}
          <RvcKnobs value={settings.value} onChange={(changes) => (settings.value = { ...settings.peek(), ...changes })} />
          {settings.value.model !== "" && (
            <AdvancedFold value={advanced.value} onChange={(value) => (advanced.value = value)}>
              <NumberField label={t("seed")} tip={t("seed_tip")} value={seed.value} minimum={0} maximum={MOST_SEED} onInput={(value) => (seed.value = value)} />
            </AdvancedFold>
          )}
          <Action />
          {problem.value !== null && <Failed error={problem.value} retry={() => void convert()} />}
        </section>
        <BeforeAfter />
      </div>
      <Models />
    </div>
  );
}

function Action() {
  const now = stage.value;
  const ready = source.value !== null && settings.value.model !== "" && now === null && webhookWrong(advanced.value.webhook) === null;
  const n = Math.round(100 * (now?.share ?? 0));
  const words = now === null ? t("choose_first") : { upload: t("uploading", { n }), queue: t("waiting"), work: t("converting", { n }) }[now.name];
  return (
    <div class="actions">
      <div class="progress" role="status">
        {(now !== null || !ready) && <span class="hint">{words}</span>}
        {now !== null && <progress max={1} value={now.name === "queue" ? undefined : now.share} aria-label={words} />}
      </div>
      {now !== null && (
        <button type="button" onClick={stop}>
          <Icon name="stop" /> {t("cancel")}
        </button>
      )}
      <button type="button" class="primary" disabled={!ready} onClick={() => void convert()}>
        {t("convert")}
      </button>
    </div>
  );
}
