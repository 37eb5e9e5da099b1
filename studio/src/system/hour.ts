/** How fast the service was, from the jobs of the last hour. */
import { api, body } from "../api/client";
import type { Job } from "../api/types";

export const BUCKETS = 12;
const HOUR_MS = 3_600_000;
/** Jobs that are looked at: of a very busy hour the last ones stand for the rest. */
const MOST_PAGES = 5;

export interface Hour {
  done: number;
  failed: number;
  /** Seconds of work for a second of sound, and of waiting; null without a job. */
  factor: number | null;
  waitS: number | null;
  /** Oldest first. */
  perBucket: number[];
  factorPerBucket: (number | null)[];
}

const median = (values: number[]): number | null => {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? null;
};

export async function lastHour(now = Date.now()): Promise<Job[]> {
  const found: Job[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query: { limit: number; cursor?: string } = cursor === null ? { limit: 100 } : { limit: 100, cursor };
    const list: { jobs: Job[]; next_cursor: string | null } = await body(api.GET("/jobs", { params: { query } }));
    found.push(...list.jobs);
    cursor = list.next_cursor;
    const oldest = list.jobs.at(-1);
    if (cursor === null || oldest === undefined || Date.parse(oldest.created_at) < now - HOUR_MS) break;
  }
  return found.filter((each) => each.completed_at !== null && Date.parse(each.completed_at) >= now - HOUR_MS);
}

export function summed(jobs: readonly Job[], now = Date.now()): Hour {
  const buckets: Job[][] = Array.from({ length: BUCKETS }, () => []);
  for (const job of jobs) {
    const age = now - Date.parse(job.completed_at ?? "");
    const at = BUCKETS - 1 - Math.floor((age / HOUR_MS) * BUCKETS);
    if (job.status === "completed") buckets[Math.max(0, Math.min(BUCKETS - 1, at))]?.push(job);
  }
  const factor = (list: readonly Job[]) =>
    median(list.filter((each) => each.duration && each.started_at && each.completed_at).map((each) => (Date.parse(each.completed_at ?? "") - Date.parse(each.started_at ?? "")) / 1000 / (each.duration ?? 1)));
  const done = jobs.filter((each) => each.status === "completed");
  return {
    done: done.length, failed: jobs.filter((each) => each.status === "failed").length, factor: factor(done),
    waitS: median(done.filter((each) => each.started_at).map((each) => (Date.parse(each.started_at ?? "") - Date.parse(each.created_at)) / 1000)),
    perBucket: buckets.map((each) => each.length), factorPerBucket: buckets.map(factor),
  };
}
