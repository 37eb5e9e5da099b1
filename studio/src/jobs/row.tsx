import { useSignal } from "@preact/signals";
import { api, body } from "../api/client";
import { problemOfJob } from "../api/problem";
import type { Job } from "../api/types";
import { say, sayProblem, sayWithUndo } from "../app/toasts";
import { common } from "../app/words";
import { clock, moment } from "../i18n";
import { Icon } from "../parts/icon";
import { SoundRow } from "../parts/sounds";
import { requestAgain } from "./again";
import { Details } from "./details";
import { leaving, load, take } from "./state";
import { t } from "./words";

const KINDS = { queued: "warn", processing: "busy", completed: "good", failed: "bad", cancelled: "" } as const;

export function Row({ job, open, onOpen }: { job: Job; open: boolean; onOpen(): void }) {
  const playing = useSignal(false);
  const name = job.text?.slice(0, 60) ?? job.id;
  const waiting = job.status === "queued" || job.status === "processing";
  return (
    <li class="card job">
      <div class="job-row">
        <span class={`pill ${KINDS[job.status]}`}>{t(job.status)}</span>
        <button type="button" class="job-name" dir="auto" aria-expanded={open} onClick={onOpen}>
          {job.text?.slice(0, 160) ?? t(job.mode)}
        </button>
        <span class="job-when hint">
          <time dateTime={job.created_at}>{moment(job.created_at)}</time>
          {job.duration !== null && ` · ${clock(job.duration)}`}
        </span>
        <div class="row" role="group" aria-label={`${t("actions")}: ${name}`}>
          {job.audio_url && (
            <button type="button" class="icon" aria-label={`${common("play")}: ${name}`} aria-expanded={playing.value} onClick={() => (playing.value = !playing.value)}>
              <Icon name="play" />
            </button>
          )}
          {waiting && (
            <button type="button" class="icon" aria-label={`${t("cancel")}: ${name}`} title={t("cancel")} onClick={() => void act(job, "cancel")}>
              <Icon name="stop" />
            </button>
          )}
          {!waiting && (
            <button
              type="button" class="icon" aria-label={`${t("again")}: ${name}`} title={requestAgain(job) ? t("again") : t("not_again")} disabled={requestAgain(job) === null}
              onClick={() => void act(job, "again")}
            >
              <Icon name="loop" />
            </button>
          )}
          <button type="button" class="icon" aria-label={`${t("delete")}: ${name}`} title={t("delete")} onClick={() => remove(job)}>
            <Icon name="trash" />
          </button>
        </div>
      </div>
      {waiting && <progress max={100} value={job.status === "queued" ? undefined : job.progress} aria-label={`${t(job.status)}: ${name}`} />}
      {job.error && <Why job={job} />}
      {playing.value && job.audio_url && <SoundRow source={job.audio_url} label={t("sound", { name })} />}
      {open && <Details job={job} />}
    </li>
  );
}

/** Why it failed, in the reader's words and in the service's. */
function Why({ job }: { job: Job }) {
  const { advice, said } = problemOfJob(job);
  return (
    <>
      <p class="wrong">{advice}</p>
      {said !== null && <p class="wrong said">{said}</p>}
    </>
  );
}

async function act(job: Job, what: "cancel" | "again"): Promise<void> {
  try {
    if (what === "cancel") {
      take(await body(api.POST("/jobs/{job_id}/cancel", { params: { path: { job_id: job.id } } })));
      return;
    }
    const wanted = requestAgain(job);
    if (wanted === null) return;
    take(await body(api.POST("/jobs", { body: wanted })));
    say(t("again_done"), "good");
  } catch (error) {
    sayProblem(error);
  }
}

function remove(job: Job): void {
  leaving.value = new Set([...leaving.value, job.id]);
  const stay = () => (leaving.value = new Set([...leaving.value].filter((each) => each !== job.id)));
  const settle = () => {
    body(api.DELETE("/jobs/{job_id}", { params: { path: { job_id: job.id } }, keepalive: true })).then(load).catch(sayProblem).finally(stay);
  };
  sayWithUndo(t("removed"), settle, stay);
}
