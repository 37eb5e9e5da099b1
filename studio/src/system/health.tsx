import { useEffect } from "preact/hooks";
import type { Health } from "../api/types";
import { send } from "../api/client";
import { fetchedHealth } from "../api/health";
import { loaded } from "../parts/loaded";
import { number } from "../i18n";
import { Icon } from "../parts/icon";
import { Failed, Loading } from "../parts/states";
import { t } from "./words";

const looked = loaded(fetchedHealth);
/** Whether the service takes new work, which it does not while it stops. */
const readiness = loaded(async () => (await (await send("/ready")).json()) as { ready: boolean; reason: string | null });
/** How often the state is looked at while this screen is seen. */
const LOOK_MS = 10_000;
const GRADES = { ok: "good", warning: "warn", error: "bad" } as const;
const NAMES = ["job_store", "disk", "engine", "conversion", "workers"] as const;

export function HealthPanel() {
  useEffect(() => {
    void looked.load();
    void readiness.load();
    const timer = setInterval(() => document.visibilityState === "visible" && void looked.load(), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const now = looked.value.value;
  if (now === null) return looked.error.value ? <Failed error={looked.error.value} retry={() => void looked.load()} /> : <Loading />;
  return (
    <section class="panel column" aria-label={t("health")}>
      <header class="row">
        <h2>{t("health")}</h2>
        <span class={`pill ${now.status === "healthy" ? "good" : now.status === "degraded" ? "warn" : "bad"}`} role="status">
          {t(now.status)}
        </span>
        <span class="grow" />
        <span class="hint">{t("version", { v: now.version })}</span>
        <button type="button" class="icon" aria-label={t("refresh")} onClick={() => void looked.load()}>
          <Icon name="loop" />
        </button>
      </header>
      {readiness.value.value?.ready === false && <p class="wrong">{readiness.value.value.reason}</p>}
      <ul class="checks">
        {Object.entries(now.checks).map(([name, check]) => (
          <li key={name}>
            <span class={`pill ${GRADES[check.status]}`}>
              <Icon name={check.status === "ok" ? "check" : "warn"} />
            </span>
            <div>
              <strong>{NAMES.includes(name as (typeof NAMES)[number]) ? t(name as (typeof NAMES)[number]) : name}</strong>
              <p class="hint">{words(check)}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function words(check: Health["checks"][string]): string {
  return [
    check.engine,
    check.model_loaded === true ? t("loaded") : null,
    check.free_gb != null ? t("free", { n: number(check.free_gb, 1), p: number(check.free_percent ?? 0) }) : null,
    check.queued != null ? t("queued", { n: check.queued }) : null,
    check.processing != null ? t("processing", { n: check.processing }) : null,
    check.active != null ? t("active", { n: check.active }) : null,
    check.busy != null ? t("busy", { n: check.busy }) : null,
    check.detail,
  ].filter(Boolean).join(" · ");
}
