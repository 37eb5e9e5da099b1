/** How it is to sound: language, engine, voice, profile, speed, seed, conversion. */
import { useEffect } from "preact/hooks";
import { AdvancedFold } from "../advanced/fields";
import { engines, languages, presets, profiles, voices } from "../app/known";
import { firstLanguage, languageName, tag } from "../i18n";
import { type Choice, NumberField, SelectField, SliderField, Toggle } from "../parts/field";
import { Failed, Loading } from "../parts/states";
import { lentSince } from "../profiles/lent";
import { RvcKnobs } from "../rvc/knobs";
import { MOST_SEED } from "../rvc/settings";
import { rvcWords } from "../rvc/words";
import { change, draft } from "./state";
import { VoiceCards } from "./voice_cards";
import { t } from "./words";

export function useKnown(): void {
  useEffect(() => {
    for (const each of [engines, languages, presets, profiles, voices]) each.want();
  }, []);
  const codes = languages.value.value?.languages.map((each) => each.code) ?? [];
  useEffect(() => {
    if (codes.length > 0 && !codes.includes(draft.value.language)) change({ language: firstLanguage(codes, [draft.value.language, tag(), ...navigator.languages].filter(Boolean)) });
  }, [codes.join()]);
}

/** The engine that will speak the draft. */
export function engineOf(): string {
  const { engine, voice, language } = draft.value;
  if (voice.kind === "voice") return voices.value.value?.voices.find((each) => each.id === voice.id)?.engine ?? engine;
  if (engine) return engine;
  const speakers = languages.value.value?.languages.find((each) => each.code === language)?.engines ?? [];
  const first = engines.value.value?.default ?? "";
  return speakers.length === 0 || speakers.includes(first) ? first : (speakers[0] ?? first);
}

export function Settings() {
  const failed = [engines, languages, presets].find((each) => each.error.value !== null);
  if (failed) return <Failed error={failed.error.value} retry={() => [engines, languages, presets, profiles, voices].forEach((each) => void each.load())} />;
  if (engines.value.value === null || languages.value.value === null || presets.value.value === null) return <Loading />;
  return (
    <section class="panel settings" aria-label={t("settings")}>
      <div class="pair">
        <LanguageField />
        <EngineField />
      </div>
      <Who />
      <ProfileField />
      <details class="more">
        <summary>{t("fine")}</summary>
        <Fine />
      </details>
      <details class="more" open={draft.value.rvc.on}>
        <summary>{rvcWords("title")}</summary>
        <Toggle label={rvcWords("on")} checked={draft.value.rvc.on} onChange={(on) => change({ rvc: { ...draft.value.rvc, on } })} />
        {draft.value.rvc.on && <RvcKnobs value={draft.value.rvc} onChange={(changes) => change({ rvc: { ...draft.peek().rvc, ...changes } })} />}
        {draft.value.rvc.on && draft.value.rvc.model !== "" && (
          <Toggle label={rvcWords("required")} tip={rvcWords("required_tip")} checked={draft.value.rvc.required} onChange={(required) => change({ rvc: { ...draft.value.rvc, required } })} />
        )}
      </details>
      <AdvancedFold value={draft.value.advanced} onChange={(advanced) => change({ advanced })} />
    </section>
  );
}

function LanguageField() {
  const known = languages.value.value?.languages ?? [];
  const choices = known.map((each) => ({ value: each.code, label: languageName(each.code) })).sort((one, other) => one.label.localeCompare(other.label, tag()));
  return <SelectField label={t("language")} value={draft.value.language} choices={choices} onChange={(language) => change({ language })} />;
}

function EngineField() {
  const known = engines.value.value;
  const choices: Choice[] = (known?.engines ?? []).map((each) => ({ value: each.name, disabled: !each.available, label: each.available ? (each.card?.title ?? each.name) : `${each.name} – ${t("unavailable")}` }));
  return (
    <SelectField
      label={t("engine")} value={draft.value.voice.kind === "voice" ? engineOf() : draft.value.engine} disabled={draft.value.voice.kind === "voice"}
      choices={[{ value: "", label: t("engine_default", { name: known?.default ?? "" }) }, ...choices]} onChange={(engine) => change({ engine, profile: "" })}
    />
  );
}

function Who() {
  const { language, voice } = draft.value;
  const engine = voice.kind === "preset" ? engineOf() : draft.value.engine || (engines.value.value?.default ?? "");
  const fits = (codes: readonly string[]) => codes.some((code) => code === language);
  const theirs = (presets.value.value?.presets ?? []).filter((each) => each.engine === engine && fits(each.languages));
  const own = voices.value.value?.voices ?? [];
  const there = voice.kind === "voice" ? voices.value.value === null || own.some((each) => each.id === voice.id) : theirs.length === 0 || theirs.some((each) => each.id === voice.id);
  useEffect(() => {
    if (!there) change({ voice: { kind: "preset", id: theirs[0]?.id ?? "female_generic" } });
  }, [there]);
  return <VoiceCards presets={theirs} voices={own} engine={engine} language={language} chosen={voice} onChoose={(choice) => change({ voice: choice, ...(choice.kind === "voice" ? { profile: "" } : {}) })} />;
}

function ProfileField() {
  const engine = engineOf();
  const known = (profiles.value.value?.profiles ?? []).filter((each) => (each.engine === engine || each.engine === "*") && lentSince(each.name) === null);
  const standard = known.find((each) => each.default_of.includes(engine));
  return (
    <SelectField
      label={t("profile")} value={draft.value.profile} hint={known.find((each) => each.id === (draft.value.profile || standard?.id))?.description}
      choices={[{ value: "", label: standard ? `${t("profile_default")}: ${standard.name}` : t("profile_default") }, ...known.map((each) => ({ value: each.id, label: each.name }))]}
      onChange={(profile) => change({ profile })}
    />
  );
}

function Fine() {
  const { speed, seed, words } = draft.value;
  const card = engines.value.value?.engines.find((each) => each.name === engineOf())?.card;
  return (
    <div class="knobs">
      <Toggle label={t("speed_own")} checked={speed !== null} onChange={(own) => change({ speed: own ? 1 : null })} />
      {speed !== null && <SliderField label={t("speed")} tip={t("speed_tip")} value={speed} minimum={0.5} maximum={2} step={0.05} unit="×" onInput={(value) => change({ speed: value })} />}
      <NumberField label={t("seed")} tip={t("seed_tip")} value={seed} minimum={0} maximum={MOST_SEED} onInput={(value) => change({ seed: value })} />
      {card?.word_times === "attention" && <Toggle label={t("words")} tip={t("words_tip")} checked={words} onChange={(wanted) => change({ words: wanted })} />}
      <button type="button" class="plain" onClick={() => change({ seed: Math.floor(Math.random() * 1_000_000) })}>
        {t("take")}
      </button>
    </div>
  );
}
