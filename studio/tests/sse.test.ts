import { describe, expect, it } from "vitest";
import { EventParser } from "../src/api/sse";

const WIRE = 'id: 1-a\nevent: progress\ndata: {"progress":1}\n\n: still here\n\ndata: a\ndata: b\r\n\r\nevent: empty\n\nevent: done\ndata: {}\n\n';

describe("the parser of server-sent events", () => {
  it("gives the same events however the text is cut", () => {
    const whole = new EventParser().feed(WIRE);
    for (let size = 1; size < 30; size += 1) {
      const parser = new EventParser();
      const found = [];
      for (let at = 0; at < WIRE.length; at += size) found.push(...parser.feed(WIRE.slice(at, at + size)));
      expect(found).toEqual(whole);
    }
  });

  it("knows names, lines and ids, and passes over comments and what has no data", () => {
    expect(new EventParser().feed(WIRE)).toEqual([
      { name: "progress", data: '{"progress":1}', id: "1-a" },
      { name: "message", data: "a\nb", id: "1-a" },
      { name: "done", data: "{}", id: "1-a" },
    ]);
  });

  it("keeps what is not complete to itself", () => {
    expect(new EventParser().feed("event: done\ndata: {}\n")).toEqual([]);
  });
});
