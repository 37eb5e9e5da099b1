/** Places in a text. The service counts code points, the browser counts UTF-16 units. */

/** For each code point where it begins, and the end of the text. */
export function offsetsOf(text: string): Int32Array {
  const found: number[] = [];
  let at = 0;
  for (const each of text) {
    found.push(at);
    at += each.length;
  }
  found.push(at);
  return Int32Array.from(found);
}

/** A part of the text by UTF-16 units, with what it is. */
export interface Part {
  start: number;
  end: number;
  segment: number;
  /** Index of the word within the segment; -1 for what is between words or unknown. */
  word: number;
}

export interface Span {
  start: number;
  end: number;
}

export interface Timed extends Span {
  start_s: number;
  end_s: number;
}

/** The text cut at segments, and one segment of it at its words. Everything is covered once, in order. */
export function partsOf(text: string, segments: readonly Span[], active = -1, words: readonly Span[] = []): Part[] {
  const offsets = offsetsOf(text);
  const place = (at: number) => offsets[Math.max(0, Math.min(at, offsets.length - 1))] ?? text.length;
  const found: Part[] = [];
  let reached = 0;
  const add = (end: number, segment: number, word: number) => {
    if (end > reached) found.push({ start: reached, end, segment, word });
    reached = Math.max(reached, end);
  };
  segments.forEach((each, index) => {
    add(place(each.start), -1, -1);
    if (index === active) {
      words.forEach((word, at) => {
        add(place(word.start), index, -1);
        add(place(word.end), index, at);
      });
    }
    add(place(each.end), index, -1);
  });
  add(text.length, -1, -1);
  return found;
}

/** What is heard at a time: the last that has begun. -1 before the first. Times are in order. */
export function heardAt(timed: readonly { start_s: number }[], seconds: number): number {
  let [low, high] = [0, timed.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((timed[middle]?.start_s ?? Infinity) <= seconds + 1e-6) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** When the character at a UTF-16 place is heard: its word's time, or its segment's. null where nobody knows. */
export function timeAt(text: string, segments: readonly (Timed & { words?: readonly Timed[] })[], unit: number): number | null {
  const point = [...text.slice(0, unit)].length;
  const segment = segments.find((each) => point >= each.start && point < each.end) ?? (point >= (segments.at(-1)?.end ?? Infinity) ? segments.at(-1) : undefined);
  if (segment === undefined) return null;
  const words = segment.words ?? [];
  const word = words.find((each) => point < each.end) ?? words.at(-1);
  return word === undefined ? segment.start_s : word.start_s;
}

/** Which segments of a new text were heard before, by what they say. */
export function kept(text: string, segments: readonly Span[], before: { text: string; segments: readonly Span[] } | null): boolean[] {
  if (before === null) return segments.map(() => false);
  const points = [...text];
  const old = [...before.text];
  const known = new Set(before.segments.map((each) => old.slice(each.start, each.end).join("").trim()));
  return segments.map((each) => known.has(points.slice(each.start, each.end).join("").trim()));
}
