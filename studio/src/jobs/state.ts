/** One page of jobs, and their news while they come. */
import { effect, signal } from "@preact/signals";
import { api, body, fetched } from "../api/client";
import { asProblem } from "../api/problem";
import { eventsOf } from "../api/sse";
import type { Job, JobStatus } from "../api/types";
import { apiKey } from "../app/session";

export const PAGE = 50;
export type Mode = "dubbing" | "dubbing_with_clone" | "convert" | "clone" | "mix";

export const filters = signal<{ status: JobStatus | ""; mode: Mode | ""; search: string }>({ status: "", mode: "", search: "" });
export const jobs = signal<Job[] | null>(null);
export const total = signal(0);
/** Jobs that were looked at for a search, while it goes on; null when nothing is being looked for. */
export const lookedAt = signal<number | null>(null);
/** Cursors of the pages before this one; the first page has none. */
export const trail = signal<(string | null)[]>([]);
export const nextCursor = signal<string | null>(null);
/** New jobs that belong above what is shown, on a page that is not the first. */
export const above = signal(0);
export const problem = signal<unknown>(null);
export const live = signal(false);
/** Deleted here, and at the service when nobody takes it back. */
export const leaving = signal<ReadonlySet<string>>(new Set());

let cursor: string | null = null;
/** Of loads; the answer to one that another followed is not wanted any more. */
let newest = 0;

export async function load(): Promise<void> {
  const turn = ++newest;
  const { status, mode, search } = filters.value;
  const found: Job[] = [];
  let place = cursor;
  let looked = 0;
  lookedAt.value = search ? 0 : null;
  try {
    // The service looks at so many jobs for each answer of a search; a page is full, or there are no more.
    do {
      const query = {
        limit: PAGE - found.length, ...(status ? { status } : {}), ...(mode ? { mode } : {}), ...(search ? { search } : {}), ...(place === null ? {} : { cursor: place }),
      };
      const page = await body(api.GET("/jobs", { params: { query } }));
      if (turn !== newest) return;
      found.push(...page.jobs);
      place = page.next_cursor;
      looked += page.looked_at ?? 0;
      if (search) lookedAt.value = looked;
      total.value = page.total;
      // What is found so far is shown while the rest is looked for.
      if (found.length > 0 || place === null) jobs.value = [...found];
    } while (search && found.length < PAGE && place !== null);
    nextCursor.value = place;
    if (cursor === null) above.value = 0;
    problem.value = null;
  } catch (error) {
    if (turn === newest && asProblem(error) !== null) problem.value = error;
  } finally {
    if (turn === newest) lookedAt.value = null;
  }
}

export function first(): Promise<void> {
  trail.value = [];
  cursor = null;
  return load();
}

export function older(): Promise<void> {
  trail.value = [...trail.value, cursor];
  cursor = nextCursor.value;
  return load();
}

export function newer(): Promise<void> {
  cursor = trail.value.at(-1) ?? null;
  trail.value = trail.value.slice(0, -1);
  return load();
}

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

/** Takes a job's news into the page that is shown. */
export function merged(shown: readonly Job[], job: Job, wanted: { status: string; mode: string; search: string }, atTop: boolean): Job[] {
  const fits = (wanted.status === "" || wanted.status === job.status) && (wanted.mode === "" || wanted.mode === job.mode) && named(job, wanted.search);
  const known = shown.some((each) => each.id === job.id);
  // One that no longer fits stays where it is, with its new state: rows that vanish under the hand confuse.
  if (known) return shown.map((each) => (each.id === job.id ? job : each));
  return fits && atTop ? [job, ...shown].slice(0, PAGE) : [...shown];
}

export function take(job: Job): void {
  if (jobs.value === null) return;
  const known = jobs.value.some((each) => each.id === job.id);
  if (!known && cursor !== null && job.status === "queued") above.value += 1;
  jobs.value = merged(jobs.value, job, filters.value, cursor === null);
}

const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/** Listens to news until it is told to stop. A service that was started anew is found again. */
export async function listen(stop: AbortSignal): Promise<void> {
  for (let pause = PAUSE_MS; !stop.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      const answer = await fetched("/jobs/events", { signal: stop });
      // What happened before the stream began.
      await load();
      live.value = true;
      for await (const event of eventsOf(answer)) {
        pause = PAUSE_MS;
        if (event.name === "job") take(JSON.parse(event.data) as Job);
        else if (event.name === "total" && filters.value.status === "" && filters.value.mode === "") total.value = (JSON.parse(event.data) as { total: number }).total;
      }
    } catch (error) {
      const refused = asProblem(error);
      if (refused !== null && jobs.value === null) problem.value = refused;
    }
    live.value = false;
    if (!stop.aborted) await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Listens while the tab is seen: a browser has six connections to a service, for all tabs together. */
export function listenWhileSeen(): () => void {
  let stop = new AbortController();
  const change = () => {
    stop.abort();
    stop = new AbortController();
    if (document.visibilityState === "visible") void listen(stop.signal);
  };
  document.addEventListener("visibilitychange", change);
  const other = effect(() => {
    void apiKey.value;
    change();
  });
  return () => {
    other();
    document.removeEventListener("visibilitychange", change);
    stop.abort();
    live.value = false;
  };
}
