import { describe, expect, it } from "vitest";
import type { Profile } from "../src/api/types";
import { LENT_MS, leftBehind, lentName, lentSince } from "../src/profiles/lent";

const NOW = 1_800_000_000_000;
const named = (name: string) => ({ name, engine: "tone", id: name }) as Profile;

describe("profiles that are lent for a trial", () => {
  it("say so by their name, and since when", () => {
    expect(lentSince(lentName(NOW))).toBe(NOW);
    expect(lentName(NOW)).not.toBe(lentName(NOW));
  });

  it("are never somebody's own, whatever that is called", () => {
    for (const name of ["~ mine", "~", `~ ${NOW}`, `x~ ${NOW} 0123456789abcdef`, `~ ${NOW} 0123456789abcdef x`, "Slow"]) {
      expect(lentSince(name)).toBeNull();
      expect(leftBehind([named(name)], NOW + 10 * LENT_MS)).toEqual([]);
    }
  });

  it("are left behind when nobody can be listening any more", () => {
    const lent = named(lentName(NOW));
    expect(leftBehind([lent], NOW + LENT_MS)).toEqual([]);
    expect(leftBehind([lent, named("Slow")], NOW + LENT_MS + 1)).toEqual([lent]);
  });
});
