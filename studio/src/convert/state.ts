/** One conversion at a time, which goes on while other screens are shown. */
import { signal } from "@preact/signals";
import { ADVANCED_DEFAULTS, type Advanced, advancedFields, webhookWrong } from "../advanced/settings";
import { fetched, upload } from "../api/client";
import { problemOfJob } from "../api/problem";
import { cancelQuietly } from "../api/speech";
import type { Job } from "../api/types";
import { watch } from "../api/watch";
import { RVC_DEFAULTS, type RvcSettings, rvcFields } from "../rvc/settings";
import { decoded } from "../sound/decode";
import { Pair } from "../sound/pair";
import type { Pcm } from "../sound/pcm";
import { Player } from "../sound/player";
import { type Pitch, pitchOf } from "../sound/pitch";

export interface Converted {
  job: Job;
  /** null where the browser cannot read what was sent. */
  before: Pitch | null;
  after: Pitch;
}

export const source = signal<File | null>(null);
export const settings = signal<RvcSettings>({ ...RVC_DEFAULTS, on: true });
export const advanced = signal<Advanced>({ ...ADVANCED_DEFAULTS });
export const seed = signal(0);
export const stage = signal<{ name: "upload" | "queue" | "work"; share: number } | null>(null);
export const problem = signal<unknown>(null);
export const converted = signal<Converted | null>(null);
export const pair = new Pair();
export const single = new Player();
let stopping = new AbortController();
let jobId: string | null = null;

export async function convert(): Promise<void> {
  const file = source.value;
  if (file === null || stage.value !== null || webhookWrong(advanced.value.webhook) !== null) return;
  stopping = new AbortController();
  jobId = null;
  problem.value = converted.value = null;
  pair.clear();
  single.clear();
  const form = new FormData();
  form.set("mode", "convert");
  for (const [name, value] of Object.entries(rvcFields(settings.value))) form.set(name, String(value));
  for (const [name, value] of Object.entries(advancedFields(advanced.value))) form.set(name, value);
  if (seed.value !== 0) form.set("seed", String(seed.value));
  form.set("file", file, file.name);
  try {
    stage.value = { name: "upload", share: 0 };
    const accepted = await upload<Job>("/jobs", form, (share) => (stage.value = { name: "upload", share }), stopping.signal);
    jobId = accepted.id;
    stage.value = { name: "queue", share: 0 };
    const job = await watch(accepted.id, (progress) => (stage.value = { name: progress > 0 ? "work" : "queue", share: progress / 100 }), stopping.signal);
    if (job.status !== "completed") throw problemOfJob(job);
    await compare(file, job);
  } catch (error) {
    if (stopping.signal.aborted && jobId !== null) cancelQuietly(jobId);
    problem.value = error;
  } finally {
    stage.value = null;
  }
}

export function stop(): void {
  stopping.abort();
}

async function compare(file: File, job: Job): Promise<void> {
  const after = await decoded(await (await fetched(`/jobs/${job.id}/download?format=wav`)).blob());
  const before: Pcm | null = await decoded(file).catch(() => null);
  if (before === null) single.load(after);
  else pair.load(before, after);
  converted.value = { job, before: before && pitchOf(before), after: pitchOf(after) };
}
