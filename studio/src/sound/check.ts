/** Whether a recording is good enough to learn a voice from, before anybody uploads it.
 *
 * Levels are those of frames of 50 ms: speech is the 90th hundredth, noise the 10th. What is 30 dB below speech is silence.
 */
import type { Pcm } from "./pcm";

export interface Measured {
  durationS: number;
  /** Of the loudest sample, in [0, 1]. */
  peak: number;
  /** Share of samples at the end of the scale. */
  clipped: number;
  /** Speech above noise, in dB. */
  clearDb: number;
  /** Share of frames in which nobody speaks. */
  silent: number;
}

export type Finding = "short" | "long" | "quiet" | "clipped" | "noisy" | "silent";

const FRAME_S = 0.05;
const FULL = 0.985;
const LIMITS = { peak: 0.08, clipped: 0.0005, clearDb: 18, silent: 0.6 };
/** Nothing is quieter: a pause of digital zeros would make any noise look small. */
const FLOOR_DB = -80;

export function measured(pcm: Pcm): Measured {
  const samples = pcm.view();
  const width = Math.max(1, Math.round(FRAME_S * pcm.rateHz));
  const levels: number[] = [];
  let [peak, full] = [0, 0];
  for (let start = 0; start + width <= samples.length; start += width) {
    let sum = 0;
    for (let at = start; at < start + width; at += 1) {
      const value = Math.abs(samples[at] ?? 0) / 32_768;
      sum += value * value;
      peak = Math.max(peak, value);
      if (value >= FULL) full += 1;
    }
    levels.push(Math.max(FLOOR_DB, 10 * Math.log10(sum / width + 1e-12)));
  }
  const sorted = [...levels].sort((one, other) => one - other);
  const share = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? FLOOR_DB;
  const speech = share(0.9);
  return {
    durationS: pcm.durationS, peak, clipped: samples.length ? full / samples.length : 0, clearDb: speech - share(0.1),
    silent: levels.length ? levels.filter((each) => each < speech - 30).length / levels.length : 1,
  };
}

/** What is wrong with it; nothing, if it is good. `minimum` and `maximum` in seconds are the engine's. */
export function findings(of: Measured, minimum: number, maximum: number): Finding[] {
  const found: Finding[] = [];
  if (of.durationS < minimum) found.push("short");
  if (of.durationS > maximum) found.push("long");
  if (of.peak < LIMITS.peak) found.push("quiet");
  if (of.clipped > LIMITS.clipped) found.push("clipped");
  if (of.peak >= LIMITS.peak && of.clearDb < LIMITS.clearDb) found.push("noisy");
  if (of.silent > LIMITS.silent) found.push("silent");
  return found;
}
