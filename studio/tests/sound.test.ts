import { describe, expect, it } from "vitest";
import { findings, measured } from "../src/sound/check";
import { Base64Samples, Pcm } from "../src/sound/pcm";
import { loudness, peaksOf } from "../src/sound/peaks";
import { pitchOf } from "../src/sound/pitch";
import { wavOf } from "../src/sound/wav";

const RATE = 16_000;

function tone(seconds: number, hz: number, loud: number, noise = 0): Float32Array {
  let seed = 1;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647 - 0.5;
  return Float32Array.from({ length: seconds * RATE }, (_, at) => loud * Math.sin((2 * Math.PI * hz * at) / RATE) + noise * random());
}

/** Speech has pauses. */
function speechLike(seconds: number, loud: number, noise: number): Pcm {
  const samples = tone(seconds, 150, loud, noise);
  const still = tone(seconds, 150, 0, noise);
  for (let at = 0; at < samples.length; at += 1) if (Math.floor(at / (RATE / 4)) % 4 === 3) samples[at] = still[at] ?? 0;
  return Pcm.ofFloats(samples, RATE);
}

describe("samples", () => {
  it("come whole out of base64 that is cut within a sample", () => {
    const bytes = [1, 0, 255, 127, 0, 128, 7, 1];
    const text = (part: number[]) => btoa(String.fromCharCode(...part));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const reader = new Base64Samples();
      const found = [...reader.read(text(bytes.slice(0, cut))), ...reader.read(text(bytes.slice(cut)))];
      expect(found).toEqual([1, 32_767, -32_768, 263]);
    }
  });

  it("grow without losing any", () => {
    const pcm = new Pcm(RATE);
    for (let part = 0; part < 50; part += 1) pcm.append(Int16Array.from({ length: 5_000 }, (_, at) => (part * 5_000 + at) % 30_000));
    expect(pcm.length).toBe(250_000);
    expect([...pcm.view()].every((each, at) => each === at % 30_000)).toBe(true);
    expect(pcm.floats(249_999, 300_000)).toHaveLength(1);
  });

  it("are written as a WAV file that says what it is", async () => {
    const file = new DataView(await wavOf(Pcm.ofFloats(tone(1, 440, 0.5), RATE)).arrayBuffer());
    expect(file.getUint32(24, true)).toBe(RATE);
    expect(file.getUint32(40, true)).toBe(2 * RATE);
    expect(file.byteLength).toBe(44 + 2 * RATE);
  });

  it("are drawn by their loudest and compared by their loudness", () => {
    const pcm = Pcm.ofFloats(tone(1, 440, 0.5), RATE);
    expect([...peaksOf(pcm, 50)].every((each) => Math.abs(each - 0.5) < 0.02)).toBe(true);
    expect(loudness(pcm)).toBeCloseTo(0.5 / Math.SQRT2, 2);
    expect(peaksOf(new Pcm(RATE), 5)).toEqual(new Float32Array(5));
  });
});

describe("the check before an upload", () => {
  it("finds nothing wrong with a good recording", () => {
    expect(findings(measured(speechLike(10, 0.4, 0.005)), 5, 300)).toEqual([]);
  });

  it.each([
    ["short", speechLike(2, 0.4, 0.005)],
    ["quiet", speechLike(10, 0.02, 0.0005)],
    ["clipped", speechLike(10, 1.6, 0.005)],
    ["noisy", speechLike(10, 0.4, 0.3)],
    ["silent", Pcm.ofFloats(Float32Array.from([...tone(2, 150, 0.4, 0.001), ...new Float32Array(10 * RATE)]), RATE)],
  ] as const)("says that one is %s", (wrong, pcm) => {
    expect(findings(measured(pcm), 5, 300)).toContain(wrong);
  });

  it("says that one is too long", () => {
    expect(findings(measured(speechLike(10, 0.4, 0.005)), 1, 9)).toEqual(["long"]);
  });
});

describe("the melody", () => {
  it.each([90, 150, 220, 400])("of a tone of %i Hz is that tone", (hz) => {
    const found = [...pitchOf(Pcm.ofFloats(tone(1, hz, 0.5), RATE)).hz].filter((each) => each > 0);
    expect(found.length).toBeGreaterThan(50);
    for (const each of found) expect(Math.abs(Math.log2(each / hz))).toBeLessThan(0.06);
  });

  it("of silence is none", () => {
    expect([...pitchOf(new Pcm(RATE)).hz]).toEqual([]);
    expect(Math.max(...pitchOf(Pcm.ofFloats(new Float32Array(RATE), RATE)).hz)).toBe(0);
  });
});
