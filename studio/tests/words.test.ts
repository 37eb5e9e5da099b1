import { describe, expect, it } from "vitest";
import { asProblem, problemFrom, problemOfJob } from "../src/api/problem";
import type { Job } from "../src/api/types";
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

describe("what to do about a refusal", () => {
  it("is said in the reader's language, with the service's sentence beside it", () => {
    const refused = problemFrom(413, '{"code":"too_large","detail":"The file has 2 GB; send at most 25 MB."}');
    expect([refused.advice, refused.said]).toEqual(["This is too large. Send something smaller or shorter.", "The file has 2 GB; send at most 25 MB."]);
    language.value = "pt";
    expect(refused.line).toBe("É grande demais. Envie algo menor ou mais curto. (The file has 2 GB; send at most 25 MB.)");
    language.value = "en";
  });

  it("is what was said where the code is nobody's we know", () => {
    const proxy = problemFrom(502, "<html>");
    expect([proxy.advice, proxy.said, proxy.line]).toEqual(["HTTP 502", null, "HTTP 502"]);
    expect(problemFrom(400, '{"code":"constructor","detail":"no"}').advice).toBe("no");
  });

  it("does not take a job that failed, or a defect of this page, for a service that is away", () => {
    const failed = problemOfJob({ status: "failed", error_code: "engine_failed", error: "It broke." } as Job);
    expect([failed.unreachable, failed.said]).toEqual([false, "It broke."]);
    expect(problemOfJob({ status: "cancelled", error_code: null, error: null } as Job)).toMatchObject({ code: "cancelled", said: null });
    expect(asProblem(new Error("oops"))).toMatchObject({ unreachable: false, said: "oops" });
    expect(asProblem(new TypeError("failed to fetch"))).toMatchObject({ unreachable: true, said: null });
  });
});
