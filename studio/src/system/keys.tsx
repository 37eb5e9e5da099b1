import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { api, body } from "../api/client";
import type { Key, KeyBody } from "../api/types";
import { useKey } from "../app/session";
import { sayProblem } from "../app/toasts";
import { common } from "../app/words";
import { moment, number } from "../i18n";
import { Dialog } from "../parts/dialog";
import { NumberField, OptionalNumberField, TextField, Toggle } from "../parts/field";
import { Icon } from "../parts/icon";
import { loaded } from "../parts/loaded";
import { Failed, Loading } from "../parts/states";
import { copy } from "../speak/exports";
import { t } from "./words";

const keys = loaded(() => body(api.GET("/admin/keys")));
const SCOPES = ["speak", "clone", "convert", "admin"] as const;
const LIMITS = ["requests_per_minute", "characters_per_day", "voices", "streams"] as const;
const MOST = 2_147_483_647;
const DAY_MS = 86_400_000;
const HOUR_S = 3_600;
/** Hours for which a rotated key's old text stays good: what the service takes where it is not told, and what it takes at most. */
const USUAL_GRACE_H = 24;
const LONGEST_GRACE_H = 720;

export function KeysPanel() {
  const making = useSignal(false);
  const made = useSignal<string | null>(null);
  const revoking = useSignal<Key | null>(null);
  const rotating = useSignal<Key | null>(null);
  useEffect(() => void keys.load(), []);
  const known = keys.value.value;
  if (keys.error.value) return <Failed error={keys.error.value} retry={() => void keys.load()} />;
  if (known === null) return <Loading />;
  const act = async (call: Promise<string | null>) => {
    try {
      made.value = await call;
      if (made.value === null) await keys.load();
    } catch (error) {
      sayProblem(error);
    }
  };
  const rotate = (key: Key, graceS: number) => body(api.POST("/admin/keys/{key_id}/rotate", { params: { path: { key_id: key.id } }, body: { grace_s: graceS } })).then((found) => found.key);
  const revoke = (key: Key) => body(api.DELETE("/admin/keys/{key_id}", { params: { path: { key_id: key.id } } })).then(() => null);
  return (
    <section class="panel column" aria-label={t("keys")}>
      <header class="row">
        <h2>{t("keys")}</h2>
        <span class="grow" />
        <button type="button" onClick={() => (making.value = true)}>
          <Icon name="plus" /> {t("key_new")}
        </button>
      </header>
      {known.keys.length === 0 && <p class="hint">{t("keys_none")}</p>}
      <ul class="checks">
        {known.keys.map((each) => (
          <li key={each.id}>
            <div class="grow">
              <strong dir="auto">{each.name}</strong>{" "}
              <span class={each.usable ? "pill good" : "pill"}>{t(each.usable ? "usable" : each.revoked_at ? "revoked" : "expired")}</span>
              <p class="hint">
                {each.scopes.map((scope) => t(scope)).join(", ")}
                {each.expires_at && ` · ${t("expires", { when: moment(each.expires_at) })}`}
                {each.usable && each.previous_until && ` · ${t("previous", { when: moment(each.previous_until) })}`}
              </p>
              <LimitsOf of={each} />
            </div>
            {each.usable && (
              <div class="row">
                <button type="button" class="icon" aria-label={t("rotate", { name: each.name })} title={t("rotate", { name: each.name })} onClick={() => (rotating.value = each)}>
                  <Icon name="loop" />
                </button>
                <button type="button" class="icon" aria-label={t("revoke", { name: each.name })} title={t("revoke", { name: each.name })} onClick={() => (revoking.value = each)}>
                  <Icon name="x" />
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
      {making.value && (
        <Make
          onClose={() => (making.value = false)}
          onMade={(key) => {
            making.value = false;
            made.value = key;
          }}
        />
      )}
      {made.value !== null && <Shown secret={made.value} onClose={() => { made.value = null; void keys.load(); }} />}
      {rotating.value && (
        <Rotate
          of={rotating.value} onClose={() => (rotating.value = null)}
          onWanted={(key, graceS) => {
            rotating.value = null;
            void act(rotate(key, graceS));
          }}
        />
      )}
      {revoking.value && (
        <Dialog title={t("revoke", { name: revoking.value.name })} onClose={() => (revoking.value = null)}>
          <p>{t("revoke_sure", { name: revoking.value.name })}</p>
          <div class="actions">
            <button
              type="button" class="danger"
              onClick={() => {
                const key = revoking.value;
                revoking.value = null;
                if (key) void act(revoke(key));
              }}
            >
              {t("revoke", { name: revoking.value.name })}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

/** What a key may beside its scopes, where that is not as for every key. */
function LimitsOf({ of }: { of: Key }) {
  const own = LIMITS.flatMap((name) => {
    const most = of.limits[name] ?? null;
    return most === null ? [] : [`${t(name)}: ${most === 0 ? t("limitless") : number(most)}`];
  });
  return own.length === 0 ? null : <p class="hint">{own.join(" · ")}</p>;
}

function Rotate({ of, onClose, onWanted }: { of: Key; onClose(): void; onWanted(key: Key, graceS: number): void }) {
  const hours = useSignal(USUAL_GRACE_H);
  return (
    <Dialog title={t("rotate", { name: of.name })} onClose={onClose}>
      <p>{t("rotate_hint")}</p>
      <NumberField label={t("grace")} value={hours.value} minimum={0} maximum={LONGEST_GRACE_H} onInput={(value) => (hours.value = value)} />
      <div class="actions">
        <button type="button" onClick={onClose}>
          {common("cancel")}
        </button>
        <button type="button" class="primary" onClick={() => onWanted(of, hours.value * HOUR_S)}>
          {t("rotate_now")}
        </button>
      </div>
    </Dialog>
  );
}

function Make({ onClose, onMade }: { onClose(): void; onMade(key: string): void }) {
  const name = useSignal("");
  const scopes = useSignal<string[]>(["speak"]);
  const days = useSignal(0);
  const limits = useSignal<Record<string, number>>({});
  const wrong = useSignal<unknown>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    const wanted: KeyBody = { name: name.value.trim(), scopes: scopes.value as KeyBody["scopes"] };
    if (days.value > 0) wanted.expires_at = new Date(Date.now() + days.value * DAY_MS).toISOString();
    if (Object.keys(limits.value).length > 0) wanted.limits = limits.value;
    try {
      onMade((await body(api.POST("/admin/keys", { body: wanted }))).key);
    } catch (error) {
      wrong.value = error;
    }
  };
  return (
    <Dialog title={t("key_new")} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <TextField label={t("key_name")} value={name.value} maxLength={100} required onInput={(value) => (name.value = value)} />
        <fieldset>
          <legend>{t("scopes")}</legend>
          {SCOPES.map((each) => (
            <Toggle key={each} label={t(`scope_${each}`)} checked={scopes.value.includes(each)} onChange={(on) => (scopes.value = on ? [...scopes.value, each] : scopes.value.filter((scope) => scope !== each))} />
          ))}
        </fieldset>
        <NumberField label={t("days")} value={days.value} minimum={0} maximum={3650} onInput={(value) => (days.value = value)} />
        <details class="more">
          <summary>{t("limits")}</summary>
          <p class="hint">{t("limits_hint")}</p>
          <div class="knobs">
            {LIMITS.map((name) => (
              <OptionalNumberField
                key={name} label={t(name)} value={limits.value[name] ?? null} minimum={0} maximum={MOST}
                onInput={(value) => {
                  const { [name]: _, ...others } = limits.value;
                  limits.value = value === null ? others : { ...others, [name]: value };
                }}
              />
            ))}
          </div>
        </details>
        {wrong.value !== null && <Failed error={wrong.value} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={name.value.trim() === "" || scopes.value.length === 0}>
            {t("make")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Shown({ secret, onClose }: { secret: string; onClose(): void }) {
  return (
    <Dialog title={t("key_new")} onClose={onClose}>
      <p>{t("shown_once")}</p>
      <p>
        <code class="secret">{secret}</code>
      </p>
      <div class="actions">
        <button type="button" onClick={() => void copy(secret)}>
          <Icon name="copy" /> {t("copy")}
        </button>
        <button
          type="button"
          onClick={() => {
            useKey(secret, false);
            onClose();
          }}
        >
          {t("use_here")}
        </button>
        <button type="button" class="primary" onClick={onClose}>
          {common("done")}
        </button>
      </div>
    </Dialog>
  );
}
