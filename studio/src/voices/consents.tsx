import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { api, body } from "../api/client";
import { voices } from "../app/known";
import { sayProblem } from "../app/toasts";
import { common } from "../app/words";
import { moment } from "../i18n";
import { Dialog } from "../parts/dialog";
import { loaded } from "../parts/loaded";
import { SoundRow } from "../parts/sounds";
import { Failed, Loading } from "../parts/states";
import { t } from "./words";

const consents = loaded(() => body(api.GET("/consents")));

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
