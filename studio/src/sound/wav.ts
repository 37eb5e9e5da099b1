import type { Pcm } from "./pcm";

/** A WAV file of 16-bit mono PCM. Source: RFC 2361 and the RIFF specification. */
export function wavOf(pcm: Pcm): Blob {
  const size = pcm.length * 2;
  const head = new DataView(new ArrayBuffer(44));
  const word = (at: number, text: string) => [...text].forEach((each, index) => head.setUint8(at + index, each.charCodeAt(0)));
  word(0, "RIFF");
  head.setUint32(4, 36 + size, true);
  word(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, pcm.rateHz, true);
  head.setUint32(28, pcm.rateHz * 2, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  word(36, "data");
  head.setUint32(40, size, true);
  return new Blob([head.buffer, new Int16Array(pcm.view())], { type: "audio/wav" });
}
