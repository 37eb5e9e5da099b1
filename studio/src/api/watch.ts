/** What becomes of a job, told by the service while it happens. */
import { fetched } from "./client";
import { Problem } from "./problem";
import { eventsOf } from "./sse";
import type { Job } from "./types";

const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/** Watches until the job's end, over lost connections and restarts of the service. Gives the finished job, failed ones too. */
export async function watch(jobId: string, onProgress: (progress: number, message: string) => void, signal?: AbortSignal): Promise<Job> {
  let last: string | null = null;
  for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      const headers: Record<string, string> = last === null ? {} : { "Last-Event-ID": last };
      const answer = await fetched(`/jobs/${jobId}/events`, { headers, signal });
      for await (const event of eventsOf(answer)) {
        pause = PAUSE_MS;
        if (event.id !== null) last = event.id;
        if (event.name === "done") return JSON.parse(event.data) as Job;
        if (event.name === "progress") {
          const told = JSON.parse(event.data) as { progress: number; message: string };
          onProgress(told.progress, told.message);
        }
      }
    } catch (error) {
      if (!((error instanceof Problem && (error.unreachable || error.status === 503)) || error instanceof TypeError)) throw error;
    }
    if (signal?.aborted) throw new DOMException("", "AbortError");
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
