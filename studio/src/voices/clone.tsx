/** A new voice: recordings, whose they are, and that their owner agrees. */
import { useEffect } from "preact/hooks";
import { signal, useSignal } from "@preact/signals";
import { AdvancedFold } from "../advanced/fields";
import { ADVANCED_DEFAULTS, advancedFields, webhookWrong } from "../advanced/settings";
import { api, body, upload } from "../api/client";
import { asProblem, problemOfJob } from "../api/problem";
import type { Engine, Job, Voice } from "../api/types";
import { watch } from "../api/watch";
import { engines, voices } from "../app/known";
import { common } from "../app/words";
import { firstLanguage, languageName, tag, moment } from "../i18n";
import { AUDIO, Drop } from "../parts/drop";
import { SelectField, TextField, Toggle } from "../parts/field";
import { loaded } from "../parts/loaded";
import { Failed, Loading } from "../parts/states";
import { ClipList } from "./clip_list";
import { addFiles, clips, totalS } from "./clips";
import { Compare } from "./compare";
import { consents } from "./consents";
import { Record } from "./record";
import { t } from "./words";

export const statements = loaded(() => body(api.GET("/consent-statements")));

interface Making {
  stage: "upload" | "queue" | "learn";
  share: number;
}

const making = signal<Making | null>(null);
const made = signal<Voice | null>(null);

export function learners(): Engine[] {
  return (engines.value.value?.engines ?? []).filter((each) => each.available && each.card?.enrolment);
}

export function Clone() {
  useEffect(() => {
    statements.want();
    engines.want();
    consents.want();
  }, []);
  const kept = useSignal("");
  const able = learners();
  const engine = useSignal("");
  const language = useSignal("");
  const name = useSignal("");
  const by = useSignal("");
  const agreed = useSignal(false);
  const said = useSignal<File | null>(null);
  const wrong = useSignal<unknown>(null);
  const advanced = useSignal({ ...ADVANCED_DEFAULTS });
  if (engines.value.value === null) return engines.error.value ? <Failed error={engines.error.value} retry={() => void engines.load()} /> : <Loading />;
  const chosen = able.find((each) => each.name === engine.value) ?? able.find((each) => each.default) ?? able[0];
  const card = chosen?.card;
  if (!card?.enrolment) return <p class="hint">{t("cannot")}</p>;
  const tongue = card.languages.includes(language.value) ? language.value : firstLanguage(card.languages, [tag(), ...navigator.languages]);
  const { min_reference_s: least, max_reference_s: most } = card.enrolment;
  const seconds = totalS(clips.value);
  const unread = clips.value.some((each) => each.measured === false);
  const enough = clips.value.length > 0 && (unread || (seconds >= least && seconds <= most));
  const there = (consents.value.value?.consents ?? []).filter((each) => each.status === "active");
  const old = there.find((each) => each.id === kept.value);
  const ready = enough && name.value.trim() !== "" && (old !== undefined || (by.value.trim() !== "" && agreed.value)) && making.value === null && webhookWrong(advanced.value.webhook) === null;
  const statement = statementFor(tongue);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    wrong.value = null;
    made.value = null;
    const form = new FormData();
    form.set("name", name.value.trim());
    form.set("language", tongue);
    form.set("engine", card && chosen ? chosen.name : "");
    if (old !== undefined) form.set("consent_id", old.id);
    else {
      form.set("consent_by", by.value.trim());
      if (statement) form.set("consent", statement);
      if (said.value) form.set("consent_recording", said.value, said.value.name);
    }
    for (const [field, value] of Object.entries(advancedFields(advanced.value))) form.set(field, value);
    for (const each of clips.value) form.append("file", each.file, each.name);
    try {
      made.value = await learn(form);
      clips.value = [];
      name.value = "";
      agreed.value = false;
      said.value = null;
    } catch (error) {
      wrong.value = error;
    } finally {
      making.value = null;
    }
  };
  return (
    <section class="panel clone" aria-label={t("new")}>
      <h2>{t("new")}</h2>
      <Drop label={t("drop")} hint={t("drop_hint", { least, most })} accept={AUDIO} multiple onFiles={addFiles} />
      <Record language={tongue} />
      <ClipList least={least} most={most} />
      <form onSubmit={(event) => void submit(event)}>
        <div class="pair">
          <TextField label={common("name")} value={name.value} maxLength={100} required onInput={(value) => (name.value = value)} error={fieldError(wrong.value, "name")} />
          <SelectField label={t("language")} value={tongue} choices={card.languages.map((each) => ({ value: each, label: languageName(each) }))} onChange={(value) => (language.value = value)} />
          <SelectField
            label={t("engine")} value={chosen?.name ?? ""} hint={card.enrolment.description} choices={able.map((each) => ({ value: each.name, label: `${each.card?.title ?? each.name} (${each.card?.enrolment?.method ?? ""})` }))}
            onChange={(value) => (engine.value = value)}
          />
          {there.length > 0 && (
            <SelectField
              label={t("consent_kept")} value={kept.value} onChange={(value) => (kept.value = value)}
              choices={[{ value: "", label: t("consent_new") }, ...there.map((each) => ({ value: each.id, label: t("consent_of", { name: each.by ?? "?", when: moment(each.given_at) }) }))]}
            />
          )}
          {old === undefined && <TextField label={t("by")} value={by.value} maxLength={100} required hint={t("by_hint")} onInput={(value) => (by.value = value)} error={fieldError(wrong.value, "consent_by")} />}
        </div>
        <p>{t("consent")}</p>
        <blockquote lang={tongue}>{old?.text ?? statement}</blockquote>
        {old === undefined && (
          <>
            <Toggle label={t("consent_tick")} checked={agreed.value} onChange={(value) => (agreed.value = value)} />
            <p class="hint">{t("consent_needed")}</p>
            <Drop label={said.value?.name ?? t("consent_recording", { optional: common("optional") })} accept={AUDIO} onFiles={(files) => (said.value = files[0] ?? null)} />
          </>
        )}
        <AdvancedFold sound={false} value={advanced.value} onChange={(value) => (advanced.value = value)} />
        {wrong.value !== null && fieldError(wrong.value, "name") === null && <Failed error={wrong.value} />}
        <div class="actions">
          <Progress />
          <button type="submit" class="primary" disabled={!ready}>
            {t("create")}
          </button>
        </div>
      </form>
      {made.value && (
        <div role="status">
          <h3>{t("ready", { name: made.value.name })}</h3>
          <Compare voice={made.value} />
        </div>
      )}
    </section>
  );
}

async function learn(form: FormData): Promise<Voice> {
  making.value = { stage: "upload", share: 0 };
  const accepted = await upload<{ job_id: string }>("/voices/clone", form, (share) => (making.value = { stage: "upload", share }));
  making.value = { stage: "queue", share: 0 };
  return enrolled(accepted.job_id, (share) => (making.value = { stage: share > 0 ? "learn" : "queue", share }));
}

/** The voice that a job makes, when it is there. */
export async function enrolled(jobId: string, onShare: (share: number) => void): Promise<Voice> {
  const job: Job = await watch(jobId, (progress) => onShare(progress / 100));
  if (job.status !== "completed" || job.voice_id === null) throw problemOfJob(job);
  await voices.load();
  return body(api.GET("/voices/{voice_id}", { params: { path: { voice_id: job.voice_id } } }));
}

function Progress() {
  const now = making.value;
  if (now === null) return null;
  const n = Math.round(100 * now.share);
  const words = { upload: t("uploading", { n }), queue: t("waiting"), learn: t("learning", { n }) }[now.stage];
  return (
    <div class="progress" role="status">
      <span>{words}</span>
      <progress max={1} value={now.stage === "queue" ? undefined : now.share} aria-label={words} />
    </div>
  );
}

function statementFor(language: string): string {
  const known = statements.value.value?.statements ?? [];
  const short = language.split("-")[0];
  return (known.find((each) => each.language === short) ?? known[0])?.text ?? "";
}

export function fieldError(error: unknown, field: string): string | null {
  const problem = asProblem(error);
  return problem?.field === field ? problem.line : null;
}
