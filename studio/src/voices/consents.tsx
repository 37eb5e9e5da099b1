import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { api, body, upload } from "../api/client";
import { voices } from "../app/known";
import { say, sayProblem } from "../app/toasts";
import { common } from "../app/words";
import { moment, tag } from "../i18n";
import { AUDIO, Drop } from "../parts/drop";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/field";
import { loaded } from "../parts/loaded";
import { SoundRow } from "../parts/sounds";
import { Failed, Loading } from "../parts/states";
import { t } from "./words";

export const consents = loaded(() => body(api.GET("/consents")));

export function Consents() {
  const asking = useSignal<{ id: string; name: string } | null>(null);
  const known = consents.value.value;
  useEffect(() => void consents.load(), []);
  if (consents.error.value) return <Failed error={consents.error.value} retry={() => void consents.load()} />;
  if (known === null) return <Loading />;
  const withdraw = async (id: string) => {
    asking.value = null;
    try {
      await body(api.DELETE("/consents/{consent_id}", { params: { path: { consent_id: id } } }));
      await Promise.all([consents.load(), voices.load()]);
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <>
      <p class="hint">{t("consents_hint")}</p>
      {known.consents.length === 0 && <p>{t("no_consents")}</p>}
      <Keep />
      <ul class="voice-list">
        {known.consents.map((each) => (
          <li key={each.id} class="card">
            <header>
              <h3 dir="auto">{each.by ?? "?"}</h3>
              {each.status !== "active" && <span class="pill bad">{t("withdrawn")}</span>}
              <span class="hint">{t("given", { when: moment(each.given_at) })}</span>
              <span class="grow" />
              {each.status === "active" && (
                <button type="button" class="small danger" onClick={() => (asking.value = { id: each.id, name: each.by ?? "?" })}>
                  {t("withdraw")}
                </button>
              )}
            </header>
            <p class="hint" dir="auto">
              {each.text}
            </p>
            {each.recording?.url && <SoundRow source={each.recording.url} label={t("listen_consent", { name: each.by ?? "?" })} />}
          </li>
        ))}
      </ul>
      {asking.value && (
        <Dialog title={t("withdraw")} onClose={() => (asking.value = null)}>
          <p>{t("withdraw_sure", { name: asking.value.name })}</p>
          <div class="actions">
            <button type="button" onClick={() => (asking.value = null)}>
              {common("cancel")}
            </button>
            <button type="button" class="danger" onClick={() => asking.value && void withdraw(asking.value.id)}>
              {t("withdraw")}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** A consent that somebody gives now, for voices that are learned later. */
function Keep() {
  const by = useSignal("");
  const text = useSignal("");
  const recording = useSignal<File | null>(null);
  const wrong = useSignal<unknown>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = new FormData();
    form.set("by", by.value.trim());
    form.set("language", tag());
    if (text.value.trim()) form.set("text", text.value.trim());
    if (recording.value) form.set("recording", recording.value, recording.value.name);
    try {
      await upload("/consents", form, () => undefined);
      say(t("consent_added", { name: by.value.trim() }), "good");
      by.value = text.value = "";
      recording.value = wrong.value = null;
      await consents.load();
    } catch (error) {
      wrong.value = error;
    }
  };
  return (
    <details class="more">
      <summary>{t("consent_add")}</summary>
      <form class="column" onSubmit={(event) => void submit(event)}>
        <TextField label={t("by")} value={by.value} maxLength={100} required onInput={(value) => (by.value = value)} />
        <TextField label={t("consent_statement")} value={text.value} hint={common("optional")} maxLength={2000} onInput={(value) => (text.value = value)} />
        <Drop label={recording.value?.name ?? t("consent_recording", { optional: common("optional") })} accept={AUDIO} onFiles={(files) => (recording.value = files[0] ?? null)} />
        {wrong.value !== null && <Failed error={wrong.value} />}
        <div class="actions">
          <button type="submit" disabled={by.value.trim() === ""}>
            {common("save")}
          </button>
        </div>
      </form>
    </details>
  );
}
