import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { advancedWords } from "../advanced/words";
import { api, body } from "../api/client";
import type { Job, Manifest } from "../api/types";
import { go } from "../app/router";
import { sayProblem } from "../app/toasts";
import { bytes, clock, languageName, moment, number } from "../i18n";
import { save } from "../parts/sounds";
import { Failed } from "../parts/states";
import { SaveRow } from "../speak/exports";
import { change } from "../speak/state";
import { t } from "./words";

const FEW = 30;

export function Details({ job }: { job: Job }) {
  const manifest = useSignal<Manifest | null>(null);
  const wrong = useSignal<unknown>(null);
  const all = useSignal(false);
  const done = job.status === "completed" && job.audio_url !== null;
  useEffect(() => {
    if (!done) return;
    body(api.GET("/jobs/{job_id}/segments", { params: { path: { job_id: job.id } } }))
      .then((found) => (manifest.value = found))
      .catch((error: unknown) => (wrong.value = error));
  }, [job.id, done]);
  const segments = manifest.value?.segments ?? [];
  return (
    <div class="details">
      <dl>
        {facts(job).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
      {job.warnings.length > 0 && (
        <p class="hint">
          {t("warnings")}: {job.warnings.join(" ")}
        </p>
      )}
      {done && <SaveRow jobId={job.id} />}
      {done && job.text !== null && (
        <div class="row">
          {(["srt", "vtt"] as const).map((each) => (
            <button key={each} type="button" class="small" onClick={() => void save(`/jobs/${job.id}/subtitles?format=${each}`, `${job.id}.${each}`).catch(sayProblem)}>
              {each.toUpperCase()}
            </button>
          ))}
          <button type="button" class="small" onClick={() => reuse(job)}>
            {t("open_in_speak")}
          </button>
        </div>
      )}
      {wrong.value !== null && <Failed error={wrong.value} />}
      {segments.length > 0 && <Segments job={job} manifest={segments.slice(0, all.value ? undefined : FEW)} />}
      {segments.length > FEW && !all.value && (
        <button type="button" class="plain" onClick={() => (all.value = true)}>
          {t("more_segments", { n: segments.length })}
        </button>
      )}
    </div>
  );
}

function Segments({ job, manifest }: { job: Job; manifest: Manifest["segments"] }) {
  const points = [...(job.text ?? "")];
  return (
    <div class="table" tabIndex={0} role="region" aria-label={t("segments")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("segment")}</th>
            <th scope="col">{t("text")}</th>
            <th scope="col">{t("from")}</th>
            <th scope="col">{t("to")}</th>
            <th scope="col">{t("cached")}</th>
            <th scope="col">{t("words")}</th>
          </tr>
        </thead>
        <tbody>
          {manifest.map((each) => (
            <tr key={each.index}>
              <td>{each.index + 1}</td>
              <td dir="auto">{points.slice(each.start, each.end).join("")}</td>
              <td>{number(each.start_s, 2)}</td>
              <td>{number(each.end_s, 2)}</td>
              <td>{t(each.cached ? "yes" : "no")}</td>
              <td>{each.words.length}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function reuse(job: Job): void {
  const voice = job.voice_id !== null ? ({ kind: "voice", id: job.voice_id } as const) : ({ kind: "preset", id: job.voice_preset ?? "female_generic" } as const);
  change({ text: job.text ?? "", language: job.spoken_language, engine: job.engine, voice, profile: job.quality_profile ?? "", seed: job.seed ?? 0 });
  go("speak");
}

function facts(job: Job): [string, string][] {
  const found: [string, string | null][] = [
    [t("id"), job.id],
    [t("mode"), t(job.mode)],
    [t("message"), job.status === "processing" ? job.progress_message : null],
    [t("engine"), job.engine],
    [t("voice"), job.voice_id ?? job.voice_preset],
    [t("language"), job.spoken_language === "und" ? null : languageName(job.spoken_language)],
    [t("profile"), job.quality_profile],
    [t("speed"), job.speed === null ? null : number(job.speed, 2)],
    [t("seed"), job.seed === null ? null : String(job.seed)],
    [t("rvc"), job.rvc.enabled ? (job.rvc_fallback_reason ?? job.rvc.model_id ?? null) : null],
    [t("segments"), job.segments.total > 0 ? `${job.segments.done} / ${job.segments.total} (${t("cached")}: ${job.segments.cached})` : null],
    [t("duration"), job.duration === null ? null : clock(job.duration)],
    [t("size"), job.file_size === null ? null : bytes(job.file_size)],
    [t("format"), job.output_format],
    [t("priority"), job.priority === "normal" ? null : advancedWords(job.priority)],
    [t("webhook"), job.webhook_url],
    [t("attempt"), String(job.attempt)],
    [t("created"), moment(job.created_at)],
    [t("started"), job.started_at && moment(job.started_at)],
    [t("ended"), job.completed_at && moment(job.completed_at)],
    [t("expires"), job.expires_at && moment(job.expires_at)],
  ];
  return found.filter((each): each is [string, string] => each[1] !== null && each[1] !== "");
}
