/** One page of jobs, and their news while they come. */
import { effect, signal } from "@preact/signals";
import { api, body, fetched } from "../api/client";
import { asProblem } from "../api/problem";
import { eventsOf } from "../api/sse";
import type { Job } from "../api/types";
import { apiKey } from "../app/session";
import { type Wanted, fits, isNewer, merged } from "./merging";

export const PAGE = 50;

export const filters = signal<Wanted>({ status: "", mode: "", search: "" });
export const jobs = signal<Job[] | null>(null);
export const total = signal(0);
/** Jobs that were looked at for a search, while it goes on; null when nothing is being looked for. */
export const lookedAt = signal<number | null>(null);
/** Cursors of the pages before this one; the first page has none. */
export const trail = signal<(string | null)[]>([]);
export const nextCursor = signal<string | null>(null);
/** Whether new jobs have pushed older ones off the first page: `nextCursor` leads behind those, too. */
export const pushedOff = signal(false);
/** New jobs that belong above what is shown, on a page that is not the first. */
export const above = signal(0);
export const problem = signal<unknown>(null);
export const live = signal(false);
/** Deleted here, and at the service when nobody takes it back. */
export const leaving = signal<ReadonlySet<string>>(new Set());

/** A page of the list; the first has no cursor. */
type Place = { readonly cursor: string | null };
let place: Place = { cursor: null };
/** Whose jobs are shown, and whose end `nextCursor` is. Another than `place` while that is loaded. */
let shown: Place | null = null;
/** The newest job that the first page has shown. */
let newestSeen: Job | null = null;
const counted = new Set<string>();
/** Of loads; the answer to one that another followed is not wanted any more. */
let newest = 0;

/** Loads the page of `place`; whether it is shown now. */
export async function load(): Promise<boolean> {
  const turn = ++newest;
  const at = place;
  const { status, mode, search } = filters.value;
  const found: Job[] = [];
  let from = at.cursor;
  let looked = 0;
  lookedAt.value = search ? 0 : null;
  try {
    // The service looks at so many jobs for each answer of a search; a page is full, or there are no more.
    do {
      const query = {
        limit: PAGE - found.length, ...(status ? { status } : {}), ...(mode ? { mode } : {}), ...(search ? { search } : {}), ...(from === null ? {} : { cursor: from }),
      };
      const page = await body(api.GET("/jobs", { params: { query } }));
      if (turn !== newest) return false;
      found.push(...page.jobs);
      from = page.next_cursor;
      looked += page.looked_at ?? 0;
      if (search) lookedAt.value = looked;
      total.value = page.total;
      // What is found so far is shown while the rest is looked for.
      if (found.length > 0 || from === null) jobs.value = [...found];
    } while (search && found.length < PAGE && from !== null);
    nextCursor.value = from;
    shown = at;
    pushedOff.value = false;
    if (at.cursor === null) {
      newestSeen = found[0] ?? null;
      counted.clear();
      above.value = 0;
    }
    problem.value = null;
    return true;
  } catch (error) {
    if (turn === newest && asProblem(error) !== null) problem.value = error;
    return false;
  } finally {
    if (turn === newest) lookedAt.value = null;
  }
}

export function first(): Promise<boolean> {
  trail.value = [];
  place = { cursor: null };
  return load();
}

/** Goes on to older jobs, from a page that is all there: while it is loaded nobody knows where the next one begins. */
export async function older(): Promise<boolean> {
  if (shown !== place) return false;
  // Where the page ended when it was loaded is not where it ends now.
  if (pushedOff.value && !(await load())) return false;
  if (nextCursor.value === null) return false;
  trail.value = [...trail.value, place.cursor];
  place = { cursor: nextCursor.value };
  return load();
}

export function newer(): Promise<boolean> {
  place = { cursor: trail.value.at(-1) ?? null };
  trail.value = trail.value.slice(0, -1);
  return load();
}

export function take(job: Job): void {
  if (jobs.value === null || shown === null) return;
  const onFirst = shown.cursor === null;
  const page = merged(jobs.value, job, filters.value, { first: onFirst, more: nextCursor.value !== null, size: PAGE });
  jobs.value = page.jobs;
  if (page.pushedOff) pushedOff.value = true;
  if (onFirst) {
    newestSeen = page.jobs[0] ?? null;
  } else if (fits(job, filters.value) && (newestSeen === null || isNewer(job, newestSeen))) {
    counted.add(job.id);
    above.value = counted.size;
  }
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
