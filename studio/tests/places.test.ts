import { describe, expect, it } from "vitest";
import { heardAt, kept, offsetsOf, partsOf, timeAt } from "../src/speak/places";

const TEXT = "Oi 😀 lá. Segunda frase.";
const SEGMENTS = [
  { start: 0, end: 9, start_s: 0, end_s: 1, words: [{ start: 0, end: 2, start_s: 0, end_s: 0.4 }, { start: 5, end: 8, start_s: 0.5, end_s: 1 }] },
  { start: 9, end: 23, start_s: 1.2, end_s: 2, words: [] },
];

describe("places in a text", () => {
  it("counts code points as the service does and units as the browser does", () => {
    expect(offsetsOf("a😀b")).toEqual(Int32Array.from([0, 1, 3, 4]));
  });

  it("cuts a text at segments and words so that nothing is lost", () => {
    for (const active of [-1, 0, 1]) {
      const parts = partsOf(TEXT, SEGMENTS, active, SEGMENTS[active]?.words);
      expect(parts.map((each) => TEXT.slice(each.start, each.end)).join("")).toBe(TEXT);
    }
    const words = partsOf(TEXT, SEGMENTS, 0, SEGMENTS[0]?.words).filter((each) => each.word >= 0);
    expect(words.map((each) => TEXT.slice(each.start, each.end))).toEqual(["Oi", "lá."]);
  });

  it("covers a text that is shorter than what was planned for it", () => {
    const parts = partsOf("Oi", SEGMENTS);
    expect(parts.map((each) => [each.start, each.end])).toEqual([[0, 2]]);
  });

  it("finds what is heard at a time", () => {
    expect([-1, 0, 0.9, 1.2, 99].map((at) => heardAt(SEGMENTS, at))).toEqual([-1, 0, 0, 1, 1]);
    expect(heardAt([], 1)).toBe(-1);
  });

  it("finds the time of a click: of the word, else of the segment", () => {
    expect(timeAt(TEXT, SEGMENTS, TEXT.indexOf("lá"))).toBe(0.5);
    expect(timeAt(TEXT, SEGMENTS, TEXT.indexOf("frase"))).toBe(1.2);
    expect(timeAt(TEXT, SEGMENTS, TEXT.length)).toBe(1.2);
    expect(timeAt(TEXT, [], 3)).toBe(null);
  });

  it("knows which segments were heard before, by what they say", () => {
    const before = { text: "Um. Dois. Três.", segments: [{ start: 0, end: 4 }, { start: 4, end: 10 }, { start: 10, end: 15 }] };
    const now = "Um. Outro. Três.";
    const segments = [{ start: 0, end: 4 }, { start: 4, end: 11 }, { start: 11, end: 16 }];
    expect(kept(now, segments, before)).toEqual([true, false, true]);
    expect(kept(now, segments, null)).toEqual([false, false, false]);
  });
});
