/** What somebody writes, and how it is to sound. Kept in the browser, so that it survives a reload; two tabs have their own. */
import { ADVANCED_DEFAULTS, type Advanced, advancedFields } from "../advanced/settings";
import { RVC_DEFAULTS, type RvcSettings, rvcFields } from "../rvc/settings";
import type { JobBody } from "../api/types";

export interface Draft {
  id: string;
  text: string;
  /** BCP 47. */
  language: string;
  engine: string;
  voice: { kind: "preset" | "voice"; id: string };
  /** Empty: the engine's default. */
  profile: string;
  /** null: as the profile says. */
  speed: number | null;
  seed: number;
  /** Ask for the times of words of an engine that has to work for them. */
  words: boolean;
  rvc: RvcSettings;
  advanced: Advanced;
  changedAt: number;
}

const DRAFTS = "voicecore.drafts";
const MINE = "voicecore.draft";
const MOST = 20;

export function fresh(id: string, changes: Partial<Draft> = {}): Draft {
  return {
    text: "", language: "", engine: "", voice: { kind: "preset", id: "female_generic" }, profile: "", speed: null, seed: 0, words: false, rvc: { ...RVC_DEFAULTS }, advanced: { ...ADVANCED_DEFAULTS },
    changedAt: Date.now(), ...changes, id,
  };
}

/** The request that a draft means. */
export function requestOf(draft: Draft): JobBody {
  const own = draft.voice.kind === "voice";
  return {
    mode: own ? "dubbing_with_clone" : "dubbing",
    text: draft.text,
    source_language: draft.language,
    ...(own ? { voice_id: draft.voice.id } : { voice_preset: draft.voice.id }),
    // An enrolled voice is spoken by the engine that learned it.
    ...(draft.engine && !own ? { engine: draft.engine } : {}),
    ...(draft.profile ? { quality_profile_id: draft.profile } : {}),
    ...(draft.speed === null ? {} : { speed: draft.speed }),
    ...(draft.seed === 0 ? {} : { seed: draft.seed }),
    ...(draft.words ? { word_timestamps: true } : {}),
    ...(draft.rvc.on && draft.rvc.model ? { enable_rvc: true, ...rvcFields(draft.rvc) } : {}),
    ...advancedFields(draft.advanced),
  } as JobBody;
}

function read(): Draft[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(DRAFTS) ?? "[]");
    if (!Array.isArray(found)) return [];
    return found.filter((each): each is Draft => typeof each?.id === "string" && typeof each?.text === "string").map((each) => fresh(each.id, { ...each, rvc: { ...RVC_DEFAULTS, ...each.rvc }, advanced: { ...ADVANCED_DEFAULTS, ...each.advanced } }));
  } catch {
    return [];
  }
}

/** All drafts, the last changed first. */
export function drafts(): Draft[] {
  return read().sort((one, other) => other.changedAt - one.changedAt);
}

export function keep(draft: Draft): void {
  try {
    const others = drafts().filter((each) => each.id !== draft.id);
    localStorage.setItem(DRAFTS, JSON.stringify([draft, ...others].slice(0, MOST)));
    sessionStorage.setItem(MINE, draft.id);
  } catch {
    // No room, or storage is forbidden: it lives as long as the page.
  }
}

export function forget(id: string): void {
  try {
    localStorage.setItem(DRAFTS, JSON.stringify(read().filter((each) => each.id !== id)));
  } catch {
    // As above.
  }
}

export const newId = () => crypto.randomUUID?.() ?? String(Math.random()).slice(2);

/** This tab's draft; a new tab begins with a copy of the last one. */
export function opened(): Draft {
  const all = drafts();
  let mine: string | null = null;
  try {
    mine = sessionStorage.getItem(MINE);
  } catch {
    // As above.
  }
  const found = all.find((each) => each.id === mine);
  if (found !== undefined) return found;
  const last = all[0];
  return last === undefined ? fresh(newId()) : { ...last, id: newId() };
}
