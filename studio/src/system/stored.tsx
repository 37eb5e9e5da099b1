/** What is stored, who works, and cleaning up. */
import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { api, body } from "../api/client";
import type { Cleaned } from "../api/types";
import { say, sayProblem } from "../app/toasts";
import { common } from "../app/words";
import { bytes, moment, number } from "../i18n";
import { Dialog } from "../parts/dialog";
import { Toggle } from "../parts/field";
import { loaded } from "../parts/loaded";
import { Failed, Loading } from "../parts/states";
import { t } from "./words";

const stats = loaded(() => body(api.GET("/admin/stats")));
const workers = loaded(() => body(api.GET("/admin/workers")));

export function WorkersPanel() {
  useEffect(() => void workers.load(), []);
  const known = workers.value.value;
  if (workers.error.value) return <Failed error={workers.error.value} retry={() => void workers.load()} />;
  if (known === null) return <Loading />;
  return (
    <section class="panel column" aria-label={t("queue")}>
      <h2>{t("queue")}</h2>
      <ul class="checks">
        {known.workers.map((each) => (
          <li key={each.name}>
            <div>
              <strong>{each.name}</strong>
              <p class="hint">
                {t("slots", { busy: each.busy, slots: each.slots })} · {each.engines.join(", ")} · {t("since", { when: moment(each.started_at) })}
              </p>
              <meter min={0} max={each.slots} value={each.busy} aria-label={t("slots", { busy: each.busy, slots: each.slots })} />
            </div>
          </li>
        ))}
      </ul>
      {Object.entries(known.unserved).map(([what, n]) => (
        <p key={what} class="wrong">
          {t("unserved", { what, n })}
        </p>
      ))}
      {Object.keys(known.gauges).length > 0 && (
        <details class="more">
          <summary>{t("gauges")}</summary>
          <dl>
            {Object.entries(known.gauges).flatMap(([engine, of]) =>
              Object.entries(of).map(([name, value]) => (
                <div key={engine + name}>
                  <dt>
                    {engine}: {name.replaceAll("_", " ")}
                  </dt>
                  <dd>{number(value, 2)}</dd>
                </div>
              )),
            )}
          </dl>
        </details>
      )}
    </section>
  );
}

export function StoredPanel() {
  useEffect(() => void stats.load(), []);
  const asking = useSignal(false);
  const known = stats.value.value;
  if (stats.error.value) return <Failed error={stats.error.value} retry={() => void stats.load()} />;
  if (known === null) return <Loading />;
  const files = ({ files: n, bytes: size }: { files: number; bytes: number }) => `${t("files", { n })}, ${bytes(size)}`;
  return (
    <section class="panel column" aria-label={t("stats")}>
      <h2>{t("stats")}</h2>
      <dl>
        <div>
          <dt>{t("jobs")}</dt>
          <dd>{number(known.jobs.total)}</dd>
        </div>
        <div>
          <dt>{t("audio")}</dt>
          <dd>{files(known.audio)}</dd>
        </div>
        <div>
          <dt>{t("cache")}</dt>
          <dd>{files(known.cache)}</dd>
        </div>
        <div>
          <dt>{t("storage")}</dt>
          <dd>
            {number(known.voices.total)}, {bytes(known.voices.storage_mb * 1024 * 1024)}
          </dd>
        </div>
      </dl>
      <div class="actions">
        <button type="button" onClick={() => (asking.value = true)}>
          {t("cleanup")}…
        </button>
      </div>
      {asking.value && <CleanUp onClose={() => (asking.value = false)} />}
    </section>
  );
}

function would({ jobs_removed: n, files_deleted: files, bytes_freed: size }: Cleaned): string {
  return n + files === 0 ? t("would_nothing") : t("would", { n, files: t("files", { n: files }), size: bytes(size) });
}

function CleanUp({ onClose }: { onClose(): void }) {
  const deep = useSignal(false);
  const busy = useSignal(false);
  const found = useSignal<Cleaned | null>(null);
  const wrong = useSignal<unknown>(null);
  const tries = useSignal(0);
  useEffect(() => {
    // An answer about the other form may come late, and would be read as one about this.
    let wanted = true;
    found.value = wrong.value = null;
    body(api.POST("/admin/cleanup", { params: { query: { deep: deep.value, dry_run: true } } })).then(
      (would) => wanted && (found.value = would),
      (error) => wanted && (wrong.value = error),
    );
    return () => {
      wanted = false;
    };
  }, [deep.value, tries.value]);
  const clean = async () => {
    busy.value = true;
    try {
      const done = await body(api.POST("/admin/cleanup", { params: { query: { deep: deep.value } } }));
      say(t("cleaned", { jobs: done.jobs_removed, files: done.files_deleted, size: bytes(done.bytes_freed) }), "good");
      await stats.load();
      onClose();
    } catch (error) {
      sayProblem(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <Dialog title={t("cleanup")} onClose={onClose}>
      <p>{t("cleanup_hint")}</p>
      <Toggle label={t("deep")} checked={deep.value} onChange={(value) => (deep.value = value)} />
      {wrong.value ? (
        <Failed error={wrong.value} retry={() => (tries.value += 1)} />
      ) : (
        <p role="status">
          <strong>{found.value === null ? t("looking") : would(found.value)}</strong> {t("keeps")}
        </p>
      )}
      <div class="actions">
        <button type="button" onClick={onClose}>
          {common("cancel")}
        </button>
        <button type="button" class={deep.value ? "danger" : "primary"} disabled={busy.value || found.value === null} aria-busy={busy.value} onClick={() => void clean()}>
          {t("clean")}
        </button>
      </div>
    </Dialog>
  );
}
