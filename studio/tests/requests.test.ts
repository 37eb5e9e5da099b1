import { describe, expect, it } from "vitest";
import { ADVANCED_DEFAULTS, LONGEST_URL, advancedFields, webhookWrong } from "../src/advanced/settings";
import { problemFrom } from "../src/api/problem";
import type { Job } from "../src/api/types";
import { parsed } from "../src/app/router";
import { requestAgain } from "../src/jobs/again";
import { type Wanted, merged } from "../src/jobs/merging";
import { RVC_DEFAULTS } from "../src/rvc/settings";
import { fresh, requestOf } from "../src/speak/draft";
import { asCurl, asPython } from "../src/speak/snippets";
import { BUCKETS, summed } from "../src/system/hour";

const draft = fresh("1", { text: "Olá", language: "pt-BR" });

describe("a draft's request", () => {
  it("says no more than was chosen", () => {
    expect(requestOf(draft)).toEqual({ mode: "dubbing", text: "Olá", source_language: "pt-BR", voice_preset: "female_generic" });
  });

  it("names an own voice and not the engine, which the voice knows", () => {
    const own = requestOf({ ...draft, voice: { kind: "voice", id: "voice_1" }, engine: "kokoro" });
    expect(own).toEqual({ mode: "dubbing_with_clone", text: "Olá", source_language: "pt-BR", voice_id: "voice_1" });
  });

  it("has 0 where 0 was chosen", () => {
    const rvc = { ...RVC_DEFAULTS, on: true, model: "rvc_1", index_rate: 0, protect: 0 };
    expect(requestOf({ ...draft, rvc, speed: 1, seed: 7 })).toMatchObject({
      enable_rvc: true, rvc_model_id: "rvc_1", rvc_index_rate: 0, rvc_protect: 0, speed: 1, seed: 7,
    });
  });
});

describe("what is copied", () => {
  const wanted = requestOf({ ...draft, text: "It's \"so\"\n" });

  it("is quoted for the shell and for Python, and holds no key", () => {
    expect(asCurl(wanted, "http://h", true)).toContain(`It'\\''s \\"so\\"\\n`);
    expect(asCurl(wanted, "http://h", true)).toContain("$VOICECORE_API_KEY");
    expect(asCurl(wanted, "http://h", false)).not.toContain("API");
    expect(asPython(wanted, "http://h", true)).toContain('os.environ["VOICECORE_API_KEY"]');
  });
});

const job = (changes: Partial<Job>): Job =>
  ({ id: "job_1", status: "queued", mode: "dubbing", created_at: "2026-01-01T12:00:00Z", rvc: { enabled: false }, ...changes }) as Job;

describe("jobs", () => {
  it("are done again as they were asked for", () => {
    const old = job({ text: "Olá", source_language: "pt-BR", target_language: "pt-BR", voice_preset: "male_deep", engine: "tone", seed: 0, rvc: { enabled: true, model_id: "rvc_1", pitch: 0 } as Job["rvc"] });
    expect(requestAgain(old)).toEqual({
      mode: "dubbing", text: "Olá", source_language: "pt-BR", voice_preset: "male_deep", engine: "tone", seed: 0, enable_rvc: true, rvc_model_id: "rvc_1", rvc_pitch: 0,
    });
    expect(requestAgain(job({ mode: "convert", text: null }))).toBe(null);
  });

  const all: Wanted = { status: "", mode: "", search: "" };
  const page = { first: true, more: false, size: 50 };
  const shown = [job({ id: "job_2" }), job({ id: "job_1" })];
  const ids = (found: { jobs: Job[] }) => found.jobs.map((each) => each.id);

  it("take their news, and stay in their places", () => {
    const found = merged(shown, job({ id: "job_1", status: "failed" }), all, page);
    expect(found.jobs.map((each) => [each.id, each.status])).toEqual([["job_2", "queued"], ["job_1", "failed"]]);
    const third = job({ id: "job_3", text: "Bom café" });
    expect(ids(merged(shown, third, all, page))).toEqual(["job_3", "job_2", "job_1"]);
    expect(merged(shown, third, all, { ...page, first: false }).jobs).toHaveLength(2);
    expect(merged(shown, third, { ...all, status: "failed" }, page).jobs).toHaveLength(2);
    expect(merged(shown, third, { ...all, search: "cafe BOM" }, page).jobs).toHaveLength(3);
    expect(merged(shown, third, { ...all, search: "cafe chá" }, page).jobs).toHaveLength(2);
  });

  it("come by their times, of which the service leaves out microseconds that are 0", () => {
    const between = job({ id: "job_9", created_at: "2026-01-01T12:00:00.000001Z" });
    const later = job({ id: "job_0", created_at: "2026-01-01T12:00:00.1Z" });
    expect(ids(merged([later, ...shown], between, all, page))).toEqual(["job_0", "job_9", "job_2", "job_1"]);
  });

  it("that are older than the page are not taken into it unless it is the last", () => {
    const old = job({ id: "job_0", created_at: "2025-12-31T12:00:00Z" });
    expect(ids(merged(shown, old, all, { ...page, more: true }))).toEqual(["job_2", "job_1"]);
    expect(ids(merged(shown, old, all, page))).toEqual(["job_2", "job_1", "job_0"]);
  });

  it("push the last one off a page that is full, and say so", () => {
    const third = job({ id: "job_3" });
    const found = merged(shown, third, all, { ...page, size: 2 });
    expect([ids(found), found.pushedOff]).toEqual([["job_3", "job_2"], true]);
    expect(merged(shown, third, all, page).pushedOff).toBe(false);
  });

  it("of an hour are summed in five minutes each", () => {
    const now = Date.parse("2026-01-01T12:00:00Z");
    const ended = (minutes: number, status: Job["status"]) =>
      job({ status, duration: 10, created_at: new Date(now - minutes * 60_000 - 6_000).toISOString(), started_at: new Date(now - minutes * 60_000 - 5_000).toISOString(), completed_at: new Date(now - minutes * 60_000).toISOString() });
    const hour = summed([ended(1, "completed"), ended(2, "completed"), ended(59, "completed"), ended(3, "failed")], now);
    expect(hour.perBucket).toHaveLength(BUCKETS);
    expect([hour.perBucket[0], hour.perBucket[11], hour.done, hour.failed]).toEqual([1, 2, 3, 1]);
    expect([hour.factor, hour.waitS]).toEqual([0.5, 1]);
    expect(summed([], now).factor).toBe(null);
  });
});

describe("addresses and refusals", () => {
  it("lead to a screen, and never to none", () => {
    expect(parsed("#/jobs/job_1")).toEqual({ screen: "jobs", detail: "job_1" });
    expect(parsed("#/nonsense")).toEqual({ screen: "speak", detail: null });
    expect(parsed("")).toEqual({ screen: "speak", detail: null });
  });

  it("are told even where something else than the service answers", () => {
    expect(problemFrom(502, "<html>")).toMatchObject({ status: 502, code: "http_502", detail: "HTTP 502" });
    expect(problemFrom(400, '{"detail":"speed is 9","field":"speed","code":"invalid_input"}')).toMatchObject({ field: "speed", detail: "speed is 9" });
    expect(problemFrom(400, "[]").detail).toBe("HTTP 400");
  });
});

describe("what few people change", () => {
  const advanced = { ...ADVANCED_DEFAULTS, format: "mp3", priority: "low", webhook: " https://example.com/told?of=a " } as const;

  it("is sent only where it was changed", () => {
    expect(advancedFields(ADVANCED_DEFAULTS)).toEqual({});
    expect(requestOf({ ...draft, advanced })).toMatchObject({ output_format: "mp3", priority: "low", webhook_url: "https://example.com/told?of=a" });
    const rvc = { ...RVC_DEFAULTS, required: true, model: "rvc_1" };
    expect(requestOf({ ...draft, rvc: { ...rvc, on: true } })).toMatchObject({ rvc_required: true });
    expect(requestOf({ ...draft, rvc })).not.toHaveProperty("rvc_required");
  });

  it("is in what is copied, with a file of the kind that comes", () => {
    const wanted = requestOf({ ...draft, advanced });
    expect(asCurl(wanted, "http://h", false)).toContain('"webhook_url":"https://example.com/told?of=a"');
    expect(asCurl(wanted, "http://h", false)).toContain("> speech.mp3");
    expect(asPython(wanted, "http://h", false)).toContain('"priority": "low"');
    expect(asPython({ ...wanted, output_format: "m4a" }, "http://h", false)).toContain('"http://h/jobs/stream?format=wav"');
  });

  it.each(["", "https://example.com", "http://h:80/a?b=c@d", "HTTPS://[2001:db8::1]:8443/"])("can be told: %s", (address) => {
    expect(webhookWrong(address)).toBe(null);
  });

  it.each(["example.com", "ftp://h/", "https://", "https:///a", "https://u:p@h/", "https://@h/", "https://h/#a", "https://h/a b", "https://h/ç", "https://h\\a", "https://h:0/", "https://h:99999/", "javascript:alert(1)"])(
    "cannot be told: %s", (address) => {
      expect(webhookWrong(address)).toBe("webhook_wrong");
    },
  );

  it("has an end", () => {
    const longest = `https://h/${"a".repeat(LONGEST_URL - 10)}`;
    expect(webhookWrong(longest)).toBe(null);
    expect(webhookWrong(`${longest}a`)).toBe("webhook_long");
  });
});
