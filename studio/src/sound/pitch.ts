/** The melody of a voice, well enough to compare two. Source: de Cheveigné and Kawahara, YIN, JASA 111 (2002), steps 1 to 4. */
import type { Pcm } from "./pcm";

export interface Pitch {
  /** Seconds between two values. */
  stepS: number;
  /** In Hz; 0 where there is none. */
  hz: Float32Array;
}

const RATE_HZ = 8_000;
const LOWEST_HZ = 60;
const HIGHEST_HZ = 500;
const THRESHOLD = 0.15;
/** More points than a drawing has are not computed. */
const MOST_FRAMES = 600;
const LEAST_STEP_S = 0.01;
const QUIET = 0.005;

/** Every n-th sample, after a mean over n: enough for a pitch below 500 Hz. */
function slower(pcm: Pcm): { samples: Float32Array; rate: number } {
  const every = Math.max(1, Math.round(pcm.rateHz / RATE_HZ));
  const all = pcm.view();
  const samples = new Float32Array(Math.floor(all.length / every));
  for (let at = 0; at < samples.length; at += 1) {
    let sum = 0;
    for (let near = 0; near < every; near += 1) sum += all[at * every + near] ?? 0;
    samples[at] = sum / every / 32_768;
  }
  return { samples, rate: pcm.rateHz / every };
}

export function pitchOf(pcm: Pcm): Pitch {
  const { samples, rate } = slower(pcm);
  const longest = Math.ceil(rate / LOWEST_HZ);
  const shortest = Math.floor(rate / HIGHEST_HZ);
  const stepS = Math.max(LEAST_STEP_S, pcm.durationS / MOST_FRAMES);
  const hop = Math.round(stepS * rate);
  const frames = Math.max(0, Math.floor((samples.length - 2 * longest) / hop) + 1);
  const hz = new Float32Array(frames);
  for (let frame = 0; frame < frames; frame += 1) hz[frame] = frameHz(samples, frame * hop, longest, shortest, rate);
  return { stepS: hop / rate, hz };
}

function frameHz(samples: Float32Array, start: number, longest: number, shortest: number, rate: number): number {
  let energy = 0;
  for (let at = start; at < start + longest; at += 1) energy += (samples[at] ?? 0) ** 2;
  if (Math.sqrt(energy / longest) < QUIET) return 0;
  const difference = new Float32Array(longest + 1);
  let sum = 0;
  for (let lag = 1; lag <= longest; lag += 1) {
    let found = 0;
    for (let at = start; at < start + longest; at += 1) found += ((samples[at] ?? 0) - (samples[at + lag] ?? 0)) ** 2;
    sum += found;
    difference[lag] = sum > 0 ? (found * lag) / sum : 1;
  }
  for (let lag = shortest; lag < longest; lag += 1) {
    if ((difference[lag] ?? 1) >= THRESHOLD) continue;
    while (lag < longest && (difference[lag + 1] ?? 1) < (difference[lag] ?? 1)) lag += 1;
    return rate / lag;
  }
  return 0;
}
