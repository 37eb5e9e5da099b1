import type { Pcm } from "./pcm";

/** The loudest sample of each of `bins` equal parts, in [0, 1]: what a waveform shows. */
export function peaksOf(pcm: Pcm, bins: number): Float32Array {
  const samples = pcm.view();
  const found = new Float32Array(bins);
  const width = samples.length / bins;
  // Of long sounds not every sample is looked at; a peak is missed by little.
  const step = Math.max(1, Math.floor(width / 400));
  for (let bin = 0; bin < bins; bin += 1) {
    let most = 0;
    const end = Math.min(samples.length, Math.ceil((bin + 1) * width));
    for (let at = Math.floor(bin * width); at < end; at += step) most = Math.max(most, Math.abs(samples[at] ?? 0));
    found[bin] = most / 32_768;
  }
  return found;
}

/** Loudness as the root of the mean square, in [0, 1], of what is not silence. */
export function loudness(pcm: Pcm): number {
  const samples = pcm.view();
  let sum = 0;
  let counted = 0;
  for (const each of samples) {
    const value = each / 32_768;
    if (Math.abs(value) < 0.003) continue;
    sum += value * value;
    counted += 1;
  }
  return counted ? Math.sqrt(sum / counted) : 0;
}
