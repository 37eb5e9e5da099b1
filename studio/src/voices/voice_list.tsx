import { useEffect } from "preact/hooks";
import { signal, useSignal } from "@preact/signals";
import { api, body } from "../api/client";
import type { Voice } from "../api/types";
import { voices } from "../app/known";
import { sayProblem, sayWithUndo } from "../app/toasts";
import { common } from "../app/words";
import { languageName, moment, number } from "../i18n";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/field";
import { Icon } from "../parts/icon";
import { Empty, Failed, Loading } from "../parts/states";
import { fieldError } from "./clone";
import { Compare } from "./compare";
import { t } from "./words";

/** Deleted here, and at the service as soon as nobody takes it back. */
const leaving = signal<ReadonlySet<string>>(new Set());

function leave(voice: Voice): void {
  leaving.value = new Set([...leaving.value, voice.id]);
  const stay = () => (leaving.value = new Set([...leaving.value].filter((each) => each !== voice.id)));
  const settle = () => {
    body(api.DELETE("/voices/{voice_id}", { params: { path: { voice_id: voice.id } }, keepalive: true }))
      .then(() => voices.load())
      .catch(sayProblem)
      .finally(stay);
  };
  sayWithUndo(t("removed", { name: voice.name }), settle, stay);
}

export function VoiceList() {
  useEffect(() => void voices.load(), []);
  const known = voices.value.value;
  if (voices.error.value) return <Failed error={voices.error.value} retry={() => void voices.load()} />;
  if (known === null) return <Loading />;
  const shown = known.voices.filter((each) => !leaving.value.has(each.id)).reverse();
  if (shown.length === 0) {
    return (
      <Empty icon="voices" title={t("none")}>
        <p>{t("none_hint")}</p>
      </Empty>
    );
  }
  return (
    <ul class="voice-list">
      {shown.map((each) => (
        <li key={each.id} class="card">
          <VoiceEntry voice={each} />
        </li>
      ))}
    </ul>
  );
}

function VoiceEntry({ voice }: { voice: Voice }) {
  const renaming = useSignal(false);
  return (
    <article aria-label={voice.name}>
      <header>
        <h3 dir="auto">{voice.name}</h3>
        {voice.status !== "active" && <span class="pill bad">{t("withdrawn")}</span>}
        <span class="pill">{languageName(voice.language)}</span>
        <span class="pill">
          {voice.engine} · {voice.method}
        </span>
        <span class="grow" />
        <span class="acts">
        <button type="button" class="icon" aria-label={t("rename", { name: voice.name })} onClick={() => (renaming.value = true)}>
          <Icon name="edit" />
        </button>
        <button type="button" class="icon" aria-label={t("delete", { name: voice.name })} onClick={() => leave(voice)}>
          <Icon name="trash" />
        </button>
        </span>
      </header>
      {voice.description && <p dir="auto">{voice.description}</p>}
      <p class="hint">
        {moment(voice.created_at)}
        {voice.reference_duration > 0 && ` · ${t("seconds", { n: number(voice.reference_duration, 1) })}`}
      </p>
      {voice.status !== "active" && <p class="wrong">{t("revoked")}</p>}
      <Compare voice={voice} />
      {voice.notes.length > 0 && (
        <details class="more">
          <summary>{t("notes")}</summary>
          <ul class="plain-list">
            {voice.notes.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </details>
      )}
      {renaming.value && <Rename voice={voice} onClose={() => (renaming.value = false)} />}
    </article>
  );
}

function Rename({ voice, onClose }: { voice: Voice; onClose(): void }) {
  const name = useSignal(voice.name);
  const description = useSignal(voice.description);
  const wrong = useSignal<unknown>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      const changes = { name: name.value.trim(), description: description.value };
      await body(api.PATCH("/voices/{voice_id}", { params: { path: { voice_id: voice.id } }, body: changes }));
      await voices.load();
      onClose();
    } catch (error) {
      wrong.value = error;
    }
  };
  return (
    <Dialog title={t("rename", { name: voice.name })} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <TextField label={common("name")} value={name.value} maxLength={100} required error={fieldError(wrong.value, "name")} onInput={(value) => (name.value = value)} />
        <TextField label={common("description")} value={description.value} maxLength={500} onInput={(value) => (description.value = value)} />
        {wrong.value !== null && fieldError(wrong.value, "name") === null && <Failed error={wrong.value} />}
        <div class="actions">
          <button type="submit" class="primary">
            {common("save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
