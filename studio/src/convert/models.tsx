/** RVC models: what is here, and the way in. */
import { useEffect } from "preact/hooks";
import { signal, useSignal } from "@preact/signals";
import { api, body, upload } from "../api/client";
import { Problem } from "../api/problem";
import type { RvcModel } from "../api/types";
import { rvcModels } from "../app/known";
import { sayProblem, sayWithUndo } from "../app/toasts";
import { common } from "../app/words";
import { bytes, number } from "../i18n";
import { Drop, tooLarge } from "../parts/drop";
import { TextField } from "../parts/field";
import { Icon } from "../parts/icon";
import { loaded } from "../parts/loaded";
import { Empty, Failed, Loading } from "../parts/states";
import { t } from "./words";

const stats = loaded(() => body(api.GET("/rvc-models/stats")));
const leaving = signal<ReadonlySet<string>>(new Set());
const MOST_BYTES = 200 * 1024 * 1024;

async function again(): Promise<void> {
  await Promise.all([rvcModels.load(), stats.load()]);
}

export function Models() {
  const open = useSignal<boolean | null>(null);
  useEffect(() => void again(), []);
  const known = rvcModels.value.value;
  if (rvcModels.error.value) return <Failed error={rvcModels.error.value} retry={() => void again()} />;
  if (known === null) return <Loading />;
  const counted = stats.value.value;
  const shown = known.models.filter((each) => !leaving.value.has(each.id)).reverse();
  return (
    <section class="panel column" aria-label={t("models")}>
      <h2>{t("models")}</h2>
      {!known.installed && (
        <div class="failed">
          <Icon name="warn" />
          <p>
            {t("off")}: {known.detail}
          </p>
        </div>
      )}
      {counted && <p class="hint">{t("stats", { n: counted.total, most: counted.max_models, size: bytes(counted.storage_mb * 1024 * 1024), indexed: counted.with_index })}</p>}
      {shown.length === 0 ? (
        <Empty icon="convert" title={t("none")}>
          <p>{t("none_hint")}</p>
        </Empty>
      ) : (
        <ul class="voice-list">
          {shown.map((each) => (
            <li key={each.id} class="card">
              <header>
                <h3 dir="auto">{each.name}</h3>
                <span class="grow" />
                <button type="button" class="icon" aria-label={t("delete", { name: each.name })} onClick={() => leave(each)}>
                  <Icon name="trash" />
                </button>
              </header>
              {each.description && <p dir="auto">{each.description}</p>}
              <Verdict model={each} />
            </li>
          ))}
        </ul>
      )}
      <details class="more" open={open.value ?? shown.length === 0} onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary>{t("upload")}</summary>
        <Intake />
      </details>
    </section>
  );
}

/** What the service found when it took the model in. */
function Verdict({ model }: { model: RvcModel }) {
  return (
    <>
      <p class="row">
        <span class="pill">{t("v_version", { version: model.version, rate: number(model.sample_rate_hz) })}</span>
        <span class="pill">{t(model.f0 ? "v_f0" : "v_no_f0")}</span>
        <span class={model.has_index ? "pill good" : "pill"}>{model.has_index ? t("v_index", { n: model.index_vectors }) : t("v_no_index")}</span>
        <span class="pill">{t("v_size", { size: bytes(model.file_size) })}</span>
      </p>
      {model.notes.map((each) => (
        <p key={each} class="hint">
          {each}
        </p>
      ))}
    </>
  );
}

function leave(model: RvcModel): void {
  leaving.value = new Set([...leaving.value, model.id]);
  const stay = () => (leaving.value = new Set([...leaving.value].filter((each) => each !== model.id)));
  const settle = () => {
    body(api.DELETE("/rvc-models/{model_id}", { params: { path: { model_id: model.id } }, keepalive: true })).then(again).catch(sayProblem).finally(stay);
  };
  sayWithUndo(t("removed", { name: model.name }), settle, stay);
}

function Intake() {
  const name = useSignal("");
  const description = useSignal("");
  const pth = useSignal<File | null>(null);
  const index = useSignal<File | null>(null);
  const share = useSignal<number | null>(null);
  const wrong = useSignal<unknown>(null);
  const taken = useSignal<RvcModel | null>(null);
  const choose = (place: typeof pth, file: File | undefined) => {
    const why = file && tooLarge(file, MOST_BYTES);
    if (why) wrong.value = new Problem(0, "too_large", t("large", { why }));
    else if (file) {
      wrong.value = null;
      place.value = file;
      if (place === pth && name.value === "") name.value = file.name.replace(/\.pth$/i, "").slice(0, 100);
    }
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (pth.value === null || share.value !== null) return;
    wrong.value = taken.value = null;
    const form = new FormData();
    form.set("name", name.value.trim());
    if (description.value) form.set("description", description.value);
    form.set("pth_file", pth.value, pth.value.name);
    if (index.value) form.set("index_file", index.value, index.value.name);
    try {
      share.value = 0;
      taken.value = await upload<RvcModel>("/rvc-models", form, (value) => (share.value = value));
      name.value = description.value = "";
      pth.value = index.value = null;
      await again();
    } catch (error) {
      wrong.value = error;
    } finally {
      share.value = null;
    }
  };
  const words = share.value === null ? "" : share.value < 1 ? t("uploading", { n: Math.round(100 * share.value) }) : t("checking");
  return (
    <form class="column" onSubmit={(event) => void submit(event)}>
      <Drop label={pth.value?.name ?? t("pth")} accept=".pth" onFiles={(files) => choose(pth, files[0])} />
      <Drop label={index.value?.name ?? t("index", { optional: common("optional") })} accept=".index" onFiles={(files) => choose(index, files[0])} />
      <div class="pair">
        <TextField label={common("name")} value={name.value} maxLength={100} required onInput={(value) => (name.value = value)} />
        <TextField label={common("description")} value={description.value} maxLength={500} onInput={(value) => (description.value = value)} />
      </div>
      {wrong.value !== null && <Failed error={wrong.value} />}
      {taken.value && (
        <div role="status">
          <h3>{t("verdict", { name: taken.value.name })}</h3>
          <p class="hint">{t("v_checked")}</p>
          <Verdict model={taken.value} />
        </div>
      )}
      <div class="actions">
        {share.value !== null && (
          <div class="progress" role="status">
            <span>{words}</span>
            <progress max={1} value={share.value < 1 ? share.value : undefined} aria-label={words} />
          </div>
        )}
        <button type="submit" class="primary" disabled={pth.value === null || name.value.trim() === "" || share.value !== null}>
          {t("upload_start")}
        </button>
      </div>
    </form>
  );
}
