import { Pcm } from "./pcm";

/** The rate at which files are decoded to be shown and heard here. */
const RATE_HZ = 48_000;

/** Any sound that the browser can read, as one channel. Raises a DOMException for one that it cannot. */
export async function decoded(file: Blob): Promise<Pcm> {
  const reader = new OfflineAudioContext(1, 1, RATE_HZ);
  const buffer = await reader.decodeAudioData(await file.arrayBuffer());
  const mixed = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let at = 0; at < samples.length; at += 1) mixed[at] = (mixed[at] ?? 0) + (samples[at] ?? 0) / buffer.numberOfChannels;
  }
  return Pcm.ofFloats(mixed, buffer.sampleRate);
}
