/** Lets a voice be heard before it is chosen: it speaks a sentence, which the service keeps, so the second time is at once. */
import { signal } from "@preact/signals";
import { cancelQuietly, speak } from "../api/speech";
import type { JobBody } from "../api/types";
import { sayProblem } from "../app/toasts";
import { Player } from "../sound/player";

export const samplePlayer = new Player();
/** Which voice is heard, by its key. */
export const sampled = signal("");
let stop = new AbortController();

export async function sample(key: string, wanted: JobBody): Promise<void> {
  const same = sampled.value === key && samplePlayer.state.value !== "empty";
  if (same && samplePlayer.pcm !== null) return samplePlayer.toggle();
  stop.abort();
  stop = new AbortController();
  const { signal: mine } = stop;
  sampled.value = key;
  samplePlayer.begin();
  let job: string | null = null;
  try {
    await speak(wanted, { onStarted: (id) => (job = id), onSound: (pcm) => sampled.value === key && samplePlayer.grew(pcm), onSegment: () => undefined }, mine);
    if (sampled.value === key) samplePlayer.finish();
  } catch (error) {
    if (mine.aborted && job !== null) cancelQuietly(job);
    if (sampled.value === key && !mine.aborted) {
      samplePlayer.clear();
      sayProblem(error);
    }
  }
}
