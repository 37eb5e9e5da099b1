import { describe, expect, it } from "vitest";
import { common } from "../src/app/words";
import { bytes, chosen, clock, filled, firstLanguage, language } from "../src/i18n";

describe("words", () => {
  it("are in the first language of the reader that we have", () => {
    expect(chosen(null, ["pt-PT", "en"])).toBe("pt");
    expect(chosen(null, ["de", "fr"])).toBe("en");
    expect(chosen("en", ["pt-BR"])).toBe("en");
    expect(chosen("klingon", ["pt-BR"])).toBe("pt");
  });

  it("are filled with values and agree with numbers", () => {
    expect(filled("{n} segment|{n} segments", { n: 1 }, "en")).toBe("1 segment");
    expect(filled("{n} segment|{n} segments", { n: 0 }, "en")).toBe("0 segments");
    expect(filled("{n} trecho|{n} trechos", { n: 12_000 }, "pt-BR")).toBe("12.000 trechos");
    expect(filled("{who} and {what}", { who: "$&" }, "en")).toBe("$& and {what}");
  });

  it("change when the language does", () => {
    language.value = "pt";
    expect(common("speak")).toBe("Falar");
    language.value = "en";
    expect(common("speak")).toBe("Speak");
  });

  it("tell times and sizes", () => {
    expect([0, 65.9, 3_725, -1].map(clock)).toEqual(["0:00", "1:05", "1:02:05", "0:00"]);
    expect([999, 1_500, 25_000_000].map(bytes)).toEqual(["999 B", "1.5 kB", "25 MB"]);
  });

  it("begin with a language that is spoken", () => {
    const codes = ["en-US", "pt-BR", "es"];
    expect(firstLanguage(codes, ["pt"])).toBe("pt-BR");
    expect(firstLanguage(codes, ["en-GB"])).toBe("en-US");
    expect(firstLanguage(codes, ["de"])).toBe("en-US");
    expect(firstLanguage([], ["de"])).toBe("");
  });
});
