/** Sound that grows: mono samples, kept as 16-bit numbers, which is how the service sends them. */

const FIRST_ROOM = 1 << 16;
const FULL = 32_768;

export class Pcm {
  private room = new Int16Array(FIRST_ROOM);
  length = 0;

  constructor(readonly rateHz: number) {}

  get durationS(): number {
    return this.length / this.rateHz;
  }

  append(samples: Int16Array): void {
    const wanted = this.length + samples.length;
    if (wanted > this.room.length) {
      const larger = new Int16Array(Math.max(wanted, this.room.length * 2));
      larger.set(this.room.subarray(0, this.length));
      this.room = larger;
    }
    this.room.set(samples, this.length);
    this.length = wanted;
  }

  /** Samples from `start` up to `end`, in [-1, 1). */
  floats(start: number, end: number): Float32Array<ArrayBuffer> {
    const part = this.room.subarray(Math.max(0, start), Math.min(end, this.length));
    const found = new Float32Array(part.length);
    for (let at = 0; at < part.length; at += 1) found[at] = (part[at] ?? 0) / FULL;
    return found;
  }

  view(): Int16Array {
    return this.room.subarray(0, this.length);
  }

  static ofFloats(samples: Float32Array, rateHz: number): Pcm {
    const made = new Pcm(rateHz);
    const numbers = new Int16Array(samples.length);
    for (let at = 0; at < samples.length; at += 1) {
      numbers[at] = Math.round(Math.max(-1, Math.min(1 - 1 / FULL, samples[at] ?? 0)) * FULL);
    }
    made.append(numbers);
    return made;
  }
}

/** Base64 of little-endian 16-bit samples. Pieces may end within a sample: its first byte is kept for the next one. */
export class Base64Samples {
  private odd: number | null = null;

  read(text: string): Int16Array {
    const binary = atob(text);
    const shift = this.odd === null ? 0 : 1;
    const bytes = new Uint8Array(binary.length + shift);
    if (this.odd !== null) bytes[0] = this.odd;
    for (let at = 0; at < binary.length; at += 1) bytes[at + shift] = binary.charCodeAt(at);
    const whole = bytes.length >> 1;
    this.odd = bytes.length % 2 ? (bytes[bytes.length - 1] ?? null) : null;
    const view = new DataView(bytes.buffer);
    return Int16Array.from({ length: whole }, (_, at) => view.getInt16(2 * at, true));
  }
}
