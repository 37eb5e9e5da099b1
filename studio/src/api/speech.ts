/** Speaking: one request whose answer is the sound, while it is made, and where each segment of the text is in it. */
import { Base64Samples, Pcm } from "../sound/pcm";
import { api, body, fetched } from "./client";
import { Problem } from "./problem";
import { eventsOf } from "./sse";
import type { Job, JobBody } from "./types";

/** Characters of the text (code points) and seconds of the sound. */
export interface HeardSegment {
  index: number;
  start: number;
  end: number;
  start_s: number;
  end_s: number;
}

export interface SpeechEvents {
  onStarted(jobId: string): void;
  onSound(pcm: Pcm): void;
  onSegment(segment: HeardSegment): void;
}

const TRIES = 5;
const PAUSE_MS = 700;

/** Speaks and tells what comes. A connection that is lost is taken up again: the job goes on, and the sound is whole.
 *
 * Gives the finished job. Throws a `Problem`, or an `AbortError` where `signal` ended it.
 */
export async function speak(wanted: JobBody, events: SpeechEvents, signal: AbortSignal): Promise<Job> {
  const path = "/jobs/stream?format=pcm&sse=true&keep=true";
  const headers = { "Content-Type": "application/json" };
  const first = await fetched(path, { method: "POST", headers, body: JSON.stringify(wanted), signal });
  return followed(first, events, signal);
}

/** Follows a job that is there. */
export async function listen(jobId: string, events: SpeechEvents, signal: AbortSignal): Promise<Job> {
  return followed(await again(jobId, signal), events, signal);
}

function again(jobId: string, signal: AbortSignal): Promise<Response> {
  return fetched(`/jobs/${jobId}/stream?format=pcm&sse=true&keep=true`, { signal });
}

async function followed(first: Response, events: SpeechEvents, signal: AbortSignal): Promise<Job> {
  const take = new Take(events);
  let answer: Response | null = first;
  for (let tries = 0; ; tries += 1) {
    try {
      if (answer === null && take.jobId !== null) answer = await again(take.jobId, signal);
      if (answer !== null && (await take.read(answer))) break;
      if (signal.aborted) throw new DOMException("", "AbortError");
      throw new Problem(0, "unreachable", "The connection was lost.");
    } catch (error) {
      const lost = (error instanceof Problem && error.unreachable) || error instanceof TypeError;
      if (signal.aborted || !lost || take.jobId === null || tries >= TRIES) throw error;
      answer = null;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (tries + 1)));
    }
  }
  if (take.jobId === null) throw new Problem(0, "unreachable", "The stream did not say which job it is.");
  return body(api.GET("/jobs/{job_id}", { params: { path: { job_id: take.jobId } }, signal }));
}

/** What has been heard of a job, over one or more connections. */
class Take {
  jobId: string | null = null;
  private pcm: Pcm | null = null;
  private segments = new Set<number>();

  constructor(private readonly events: SpeechEvents) {}

  /** Reads one connection; whether it came to the job's end. */
  async read(answer: Response): Promise<boolean> {
    const samples = new Base64Samples();
    // Every connection begins with the first sample; what was heard before is passed over.
    let skip = this.pcm?.length ?? 0;
    let done = false;
    for await (const event of eventsOf(answer)) {
      const data = JSON.parse(event.data) as Record<string, never>;
      if (event.name === "started") this.started(data["job_id"] as unknown as string);
      else if (event.name === "audio") {
        const heard = samples.read(data["audio"] as unknown as string);
        const passed = Math.min(skip, heard.length);
        skip -= passed;
        this.grow(heard.subarray(passed), data["sample_rate_hz"] as unknown as number);
      } else if (event.name === "segment") this.heard(data as unknown as HeardSegment);
      else if (event.name === "done") done = true;
      else if (event.name === "error") {
        throw new Problem(Number(data["status"]) || 500, String(data["code"]), String(data["detail"]));
      }
    }
    return done;
  }

  private started(jobId: string): void {
    if (this.jobId !== null) return;
    this.jobId = jobId;
    this.events.onStarted(jobId);
  }

  private grow(samples: Int16Array, rateHz: number): void {
    if (samples.length === 0) return;
    this.pcm ??= new Pcm(rateHz);
    this.pcm.append(samples);
    this.events.onSound(this.pcm);
  }

  private heard(segment: HeardSegment): void {
    if (this.segments.has(segment.index)) return;
    this.segments.add(segment.index);
    this.events.onSegment(segment);
  }
}

/** Ends a job whose tab is closed, too. */
export function cancelQuietly(jobId: string): void {
  fetched(`/jobs/${jobId}/cancel`, { method: "POST", keepalive: true }).catch(() => undefined);
}
