/** How the news of one job changes a page of a list that is sorted from the newest to the oldest. */
import type { Job, JobStatus } from "../api/types";

export type Mode = "dubbing" | "dubbing_with_clone" | "convert" | "clone" | "mix";
/** What the list is filtered by; "" is everything. */
export type Wanted = { status: JobStatus | ""; mode: Mode | ""; search: string };
/** Of a page: whether it is the first, whether older jobs follow behind it, and how many it holds. */
export type Kind = { first: boolean; more: boolean; size: number };

function plain(text: string): string {
  return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
}

/** Whether a search finds the job, as far as it is told here. */
function named(job: Job, search: string): boolean {
  const said = plain([job.text, job.voice_preset, job.engine, job.quality_profile].join("\n"));
  return plain(search)
    .split(/\s+/)
    .every((word) => said.includes(word) || (word.length >= 8 && job.id.includes(word)));
}

export function fits(job: Job, wanted: Wanted): boolean {
  return (wanted.status === "" || wanted.status === job.status) && (wanted.mode === "" || wanted.mode === job.mode) && named(job, wanted.search);
}

/** A time with all of its microseconds, of which the service leaves out those that are 0, so that text compares as time. */
function moment(job: Job): string {
  const [, second = "", part = ""] = /^(.*?)(?:\.(\d+))?(?:Z|[+]00:00)$/.exec(job.created_at) ?? [];
  return `${second}.${part.padEnd(6, "0")}`;
}

/** The service's order: by time, and by id where two came at once. */
export function isNewer(job: Job, other: Job): boolean {
  const [one, two] = [moment(job), moment(other)];
  return one === two ? job.id > other.id : one > two;
}

/** Takes a job's news into the page that is shown. `pushedOff` says that there was no room for the last one any more. */
export function merged(shown: readonly Job[], job: Job, wanted: Wanted, page: Kind): { jobs: Job[]; pushedOff: boolean } {
  // One that no longer fits stays where it is, with its new state: rows that vanish under the hand confuse.
  if (shown.some((each) => each.id === job.id)) return { jobs: shown.map((each) => (each.id === job.id ? job : each)), pushedOff: false };
  if (!page.first || !fits(job, wanted)) return { jobs: [...shown], pushedOff: false };
  const behind = shown.findIndex((each) => isNewer(job, each));
  const at = behind === -1 ? shown.length : behind;
  // The service tells of old jobs, too; which ones lie between the end of the page and this one, nobody knows.
  if (at === shown.length && page.more) return { jobs: [...shown], pushedOff: false };
  const jobs = [...shown.slice(0, at), job, ...shown.slice(at)];
  return { jobs: jobs.slice(0, page.size), pushedOff: jobs.length > page.size };
}
