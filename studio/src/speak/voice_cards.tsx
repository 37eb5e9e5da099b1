/** Who shall speak: a card each, with a play button. Arrow keys go from card to card. */
import { useComputed, useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { JobBody, Preset, Voice } from "../api/types";
import { Icon } from "../parts/icon";
import { common } from "../app/words";
import { sample, samplePlayer, sampled } from "./sample_player";
import { sampleSentence } from "./samples";
import { t } from "./words";

export interface VoiceChoice {
  kind: "preset" | "voice";
  id: string;
}

interface Card extends VoiceChoice {
  name: string;
  note: string;
  disabled: boolean;
}

/** More than these are shown when they are wanted: an engine may have fifty. */
const FEW = 8;
const MANY = 12;

export function VoiceCards(props: { presets: Preset[]; voices: Voice[]; engine: string; language: string; chosen: VoiceChoice; onChoose(choice: VoiceChoice): void }) {
  const { presets, voices, engine, chosen } = props;
  const group = useId();
  const wanted = useSignal("");
  const all = useSignal(false);
  const word = wanted.value.trim().toLowerCase();
  const fits = (card: Card) => word === "" || `${card.name} ${card.note}`.toLowerCase().includes(word);
  const own = voices.map(cardOfVoice).filter(fits);
  const theirs = presets.map(cardOfPreset).filter(fits);
  const few = all.value || word !== "" || theirs.length <= MANY ? theirs : theirs.filter((each, index) => index < FEW || each.id === chosen.id);
  const cards = (list: Card[]) => list.map((each) => <VoiceCard key={`${each.kind} ${each.id}`} card={each} group={group} {...props} />);
  return (
    <fieldset class="voices">
      <legend>{t("voice")}</legend>
      {presets.length + voices.length > MANY && (
        <input type="search" aria-label={t("search")} placeholder={t("search")} value={wanted.value} onInput={(event) => (wanted.value = event.currentTarget.value)} />
      )}
      {own.length > 0 && <h3>{t("yours")}</h3>}
      {own.length > 0 && <div class="cards">{cards(own)}</div>}
      {own.length > 0 && theirs.length > 0 && <h3>{t("presets", { engine })}</h3>}
      <div class="cards">{cards(few)}</div>
      {few.length < theirs.length && (
        <button type="button" class="plain" onClick={() => (all.value = true)}>
          {t("show_all", { n: theirs.length })}
        </button>
      )}
      {own.length + theirs.length === 0 && <p class="hint">{t("no_voice")}</p>}
    </fieldset>
  );
}

function VoiceCard({ card, group, engine, language, chosen, onChoose }: { card: Card; group: string; engine: string; language: string; chosen: VoiceChoice; onChoose(choice: VoiceChoice): void }) {
  const id = useId();
  const key = `${engine} ${language} ${card.id}`;
  const on = useComputed(() => sampled.value === key && (samplePlayer.state.value === "playing" || samplePlayer.state.value === "waiting")).value;
  const hear = () => {
    const who = card.kind === "voice" ? { mode: "dubbing_with_clone", voice_id: card.id } : { mode: "dubbing", voice_preset: card.id, engine };
    void sample(key, { ...who, text: sampleSentence(language), source_language: language } as JobBody);
  };
  return (
    <div class="card voice">
      <input type="radio" id={id} name={group} checked={chosen.kind === card.kind && chosen.id === card.id} disabled={card.disabled} onChange={() => onChoose({ kind: card.kind, id: card.id })} />
      <label for={id}>
        <strong>{card.name}</strong>
        <span class="hint">{card.note}</span>
      </label>
      <button type="button" class="icon round" disabled={card.disabled} aria-label={`${common(on ? "pause" : "play")}: ${t("sample", { name: card.name })}`} onClick={hear}>
        <Icon name={on ? "pause" : "play"} />
      </button>
    </div>
  );
}

function cardOfVoice(voice: Voice): Card {
  const revoked = voice.status !== "active";
  return { kind: "voice", id: voice.id, name: voice.name, note: revoked ? t("revoked") : voice.description || voice.method, disabled: revoked };
}

function cardOfPreset(preset: Preset): Card {
  return { kind: "preset", id: preset.id, name: preset.name, note: preset.description, disabled: false };
}
