/** What the screen Speak works with. It lives as long as the page, whichever screen is shown. */
import { computed, effect, signal } from "@preact/signals";
import { webhookWrong } from "../advanced/settings";
import { type Problem, asProblem } from "../api/problem";
import { type HeardSegment, cancelQuietly, speak } from "../api/speech";
import { api, body } from "../api/client";
import type { Job, Manifest, PlannedSegment } from "../api/types";
import { sayProblem } from "../app/toasts";
import { Player } from "../sound/player";
import { type Draft, keep, opened, requestOf } from "./draft";

export const draft = signal<Draft>(opened());
export const player = new Player();

export interface Spoken {
  /** The request as JSON: what is heard is this. */
  asked: string;
  text: string;
  segments: (HeardSegment & { words?: Manifest["segments"][number]["words"] })[];
  job: Job | null;
}

export const spoken = signal<Spoken | null>(null);
/** While a job is spoken: its id, once it has one. */
export const running = signal<{ jobId: string | null; stop: AbortController } | null>(null);
export const problem = signal<unknown>(null);
/** Milliseconds from the click to the first sound, and to the end. */
export const took = signal<{ firstMs: number | null; allMs: number | null }>({ firstMs: null, allMs: null });

export const plan = signal<{ text: string; segments: PlannedSegment[]; estimated: boolean } | null>(null);
export const planProblem = signal<Problem | null>(null);

export const asked = computed(() => JSON.stringify(requestOf(draft.value)));
/** Whether what was spoken is what the draft says now. */
export const current = computed(() => spoken.value !== null && spoken.value.asked === asked.value);

/** Whether the service would refuse what the draft says beside its text; the field says why. */
export const refusable = computed(() => webhookWrong(draft.value.advanced.webhook) !== null);

const KEEP_MS = 300;
const PLAN_MS = 350;

export function change(changes: Partial<Draft>): void {
  draft.value = { ...draft.value, ...changes, changedAt: Date.now() };
}

let keeping: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  const { value } = draft;
  clearTimeout(keeping);
  keeping = setTimeout(() => keep(value), KEEP_MS);
});
addEventListener("pagehide", () => {
  keep(draft.peek());
  // Nobody hears the rest.
  const jobId = running.peek()?.jobId;
  if (jobId) cancelQuietly(jobId);
});

let planning: ReturnType<typeof setTimeout> | undefined;
let asking: AbortController | null = null;
const planned = computed(() => JSON.stringify([draft.value.text, draft.value.language, draft.value.engine]));
effect(() => {
  void planned.value;
  const { text, language, engine } = draft.peek();
  clearTimeout(planning);
  asking?.abort();
  planProblem.value = null;
  if (text.trim() === "" || language === "") {
    plan.value = null;
    return;
  }
  planning = setTimeout(() => void look(text, language, engine), PLAN_MS);
});

async function look(text: string, language: string, engine: string): Promise<void> {
  asking = new AbortController();
  try {
    const call = api.POST("/segments", { body: { text, source_language: language, ...(engine ? { engine } : {}) }, signal: asking.signal });
    const found = await body(call);
    plan.value = { text, segments: found.segments, estimated: found.estimated };
  } catch (error) {
    const refused = asProblem(error);
    if (refused === null || refused.unreachable || refused.status === 401) return;
    plan.value = null;
    planProblem.value = refused;
  }
}

/** Speaks the draft. Sound begins with the first of it; called from a click. */
export async function begin(): Promise<void> {
  if (running.value !== null || refusable.value) return;
  const wanted = requestOf(draft.value);
  const began = performance.now();
  const stop = new AbortController();
  running.value = { jobId: null, stop };
  problem.value = null;
  took.value = { firstMs: null, allMs: null };
  player.begin();
  spoken.value = { asked: JSON.stringify(wanted), text: wanted.text, segments: [], job: null };
  try {
    const job = await speak(wanted, {
      onStarted: (jobId) => (running.value = { jobId, stop }),
      onSound: (pcm) => {
        if (took.value.firstMs === null) took.value = { firstMs: performance.now() - began, allMs: null };
        player.grew(pcm);
      },
      onSegment: (segment) => spoken.value && (spoken.value = { ...spoken.value, segments: [...spoken.value.segments, segment] }),
    }, stop.signal);
    player.finish();
    took.value = { ...took.value, allMs: performance.now() - began };
    if (spoken.value !== null) spoken.value = { ...spoken.value, job };
    await addWords(job);
  } catch (error) {
    const { jobId } = running.value ?? {};
    if (stop.signal.aborted && jobId) cancelQuietly(jobId);
    ended(error);
  } finally {
    running.value = null;
  }
}

function ended(error: unknown): void {
  player.finish();
  if (player.pcm === null) player.clear();
  // A part is not what was asked for: the next click asks again.
  if (spoken.value !== null) spoken.value = { ...spoken.value, asked: "" };
  const refused = asProblem(error);
  if (refused !== null && refused.status !== 401) problem.value = refused;
}

export function stop(): void {
  running.value?.stop.abort();
  player.pause();
}

/** The times of words, where the engine knows them. */
async function addWords(job: Job): Promise<void> {
  try {
    const manifest = await body(api.GET("/jobs/{job_id}/segments", { params: { path: { job_id: job.id } } }));
    if (spoken.value?.job?.id === job.id) spoken.value = { ...spoken.value, segments: manifest.segments };
  } catch (error) {
    sayProblem(error);
  }
}
