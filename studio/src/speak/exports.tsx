/** What one takes away: the sound, subtitles, the request as a program. */
import { FORMATS } from "../advanced/settings";
import { api, body } from "../api/client";
import { apiKey } from "../app/session";
import { say, sayProblem } from "../app/toasts";
import { common } from "../app/words";
import { Icon } from "../parts/icon";
import { save } from "../parts/sounds";
import { requestOf } from "./draft";
import { asCurl, asPython } from "./snippets";
import { draft, spoken } from "./state";
import { t } from "./words";

const SUBTITLES = ["srt", "vtt"] as const;

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(common("copied"), "good");
  } catch {
    say(common("copy_failed"), "bad");
  }
}

export function Exports() {
  const job = spoken.value?.job;
  const wanted = requestOf(draft.value);
  return (
    <section class="exports">
      <SaveRow jobId={job?.id ?? null} />
      <div class="row" role="group" aria-label={t("subtitles")}>
        <span class="row-name">{t("subtitles")}</span>
        {SUBTITLES.map((each) => (
          <button key={each} type="button" class="small" disabled={!job} onClick={() => job && void save(`/jobs/${job.id}/subtitles?format=${each}`, `${job.id}.${each}`).catch(sayProblem)}>
            {each.toUpperCase()}
          </button>
        ))}
      </div>
      <div class="row" role="group" aria-label={t("code")}>
        <span class="row-name">{t("code")}</span>
        <button type="button" class="small" onClick={() => void copy(asCurl(wanted, location.origin, apiKey.value !== null))}>
          <Icon name="copy" /> curl
        </button>
        <button type="button" class="small" onClick={() => void copy(asPython(wanted, location.origin, apiKey.value !== null))}>
          <Icon name="copy" /> Python
        </button>
      </div>
    </section>
  );
}

/** Buttons of all formats; without a job they wait for one, so that nothing moves when it is there. */
export function SaveRow({ jobId }: { jobId: string | null }) {
  const take = async (format: string) => {
    if (jobId === null) return;
    try {
      // What there is, and under which names.
      const { formats } = await body(api.GET("/jobs/{job_id}/formats", { params: { path: { job_id: jobId } } }));
      if (formats.some((each) => each.format === format)) await save(`/jobs/${jobId}/download?format=${format}`, `${jobId}.${format}`);
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <div class="row" role="group" aria-label={t("save")}>
      <span class="row-name">{t("save")}</span>
      {FORMATS.map((each) => (
        <button key={each} type="button" class="small" disabled={jobId === null} onClick={() => void take(each)}>
          {each}
        </button>
      ))}
    </div>
  );
}
