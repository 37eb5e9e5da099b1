/** A voice between others. */
import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { AdvancedFold } from "../advanced/fields";
import { ADVANCED_DEFAULTS, advancedFields, webhookWrong } from "../advanced/settings";
import { api, body } from "../api/client";
import type { MixBody } from "../api/types";
import { engines, presets, voices } from "../app/known";
import { say } from "../app/toasts";
import { common } from "../app/words";
import { firstLanguage, languageName, tag } from "../i18n";
import { SelectField, SliderField, TextField } from "../parts/field";
import { Failed } from "../parts/states";
import { enrolled } from "./clone";
import { t } from "./words";

const HEAVIEST = 10;

export function Mix() {
  const name = useSignal("");
  const language = useSignal("");
  const weights = useSignal<Record<string, number>>({});
  const busy = useSignal(false);
  const wrong = useSignal<unknown>(null);
  const advanced = useSignal({ ...ADVANCED_DEFAULTS });
  useEffect(() => {
    presets.want();
    voices.want();
  }, []);
  const able = (engines.value.value?.engines ?? []).find((each) => each.available && each.card?.mixes_voices);
  if (!able?.card) return <p class="hint">{t("mix_cannot")}</p>;
  const codes = able.card.languages;
  const tongue = codes.includes(language.value) ? language.value : firstLanguage(codes, [tag()]);
  const own = (voices.value.value?.voices ?? []).filter((each) => each.engine === able.name && each.status === "active");
  const theirs = (presets.value.value?.presets ?? []).filter((each) => each.engine === able.name && each.languages.includes(tongue)).slice(0, 8);
  const rows = [...own.map((each) => ({ key: `voice ${each.id}`, name: each.name })), ...theirs.map((each) => ({ key: `preset ${each.id}`, name: each.name }))];
  const parts = rows.filter((each) => (weights.value[each.key] ?? 0) > 0);
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    wrong.value = null;
    const wanted: MixBody = {
      name: name.value.trim(), language: tongue, engine: able.name, ...advancedFields(advanced.value),
      parts: parts.map(({ key }) => {
        const [kind, id] = key.split(" ");
        return { [kind === "voice" ? "voice_id" : "preset"]: id, weight: weights.value[key] ?? 1 };
      }),
    };
    try {
      const { job_id } = await body(api.POST("/voices/mix", { body: wanted }));
      const voice = await enrolled(job_id, () => undefined);
      say(t("ready", { name: voice.name }), "good");
      name.value = "";
      weights.value = {};
    } catch (error) {
      wrong.value = error;
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="mix" onSubmit={(event) => void submit(event)}>
      <p class="hint">{t("mix_hint")}</p>
      <div class="pair">
        <TextField label={common("name")} value={name.value} maxLength={100} required onInput={(value) => (name.value = value)} />
        <SelectField label={t("language")} value={tongue} choices={codes.map((each) => ({ value: each, label: languageName(each) }))} onChange={(value) => (language.value = value)} />
      </div>
      <div class="knobs">
        {rows.map(({ key, name: label }) => (
          <SliderField key={key} label={label} value={weights.value[key] ?? 0} minimum={0} maximum={HEAVIEST} step={1} onInput={(value) => (weights.value = { ...weights.value, [key]: value })} />
        ))}
      </div>
      {parts.length < 2 && <p class="hint">{t("mix_few")}</p>}
      <AdvancedFold sound={false} value={advanced.value} onChange={(value) => (advanced.value = value)} />
      {wrong.value !== null && <Failed error={wrong.value} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={busy.value || parts.length < 2 || webhookWrong(advanced.value.webhook) !== null || name.value.trim() === ""} aria-busy={busy.value}>
          {t("mix_create")}
        </button>
      </div>
    </form>
  );
}
