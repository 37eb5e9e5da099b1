/** Recordings that a voice shall be learned from, before they are uploaded. */
import { signal } from "@preact/signals";
import { say } from "../app/toasts";
import { tooLarge } from "../parts/drop";
import { type Measured, measured } from "../sound/check";
import { decoded } from "../sound/decode";
import { Pcm } from "../sound/pcm";
import { t } from "./words";

export interface Clip {
  id: number;
  name: string;
  file: Blob;
  /** null while it is looked at; false where the browser cannot read it. */
  measured: Measured | null | false;
}

export const clips = signal<Clip[]>([]);
let last = 0;

/** What the browser takes for text or a picture is no sound, whatever its owner hopes. */
const NO_SOUND = /^(text|image|font|application\/(pdf|json|zip|msword|xml|javascript))/;

export function addFiles(files: readonly File[]): void {
  for (const file of files) {
    const large = tooLarge(file);
    if (large !== null) say(t("large", { why: large }), "bad");
    else if (NO_SOUND.test(file.type) || file.size === 0) say(t("not_sound", { name: file.name }), "bad");
    else void add(file.name, file);
  }
}

export async function add(name: string, file: Blob, known?: Pcm): Promise<void> {
  last += 1;
  const id = last;
  clips.value = [...clips.value, { id, name, file, measured: known ? measured(known) : null }];
  if (known) return;
  let found: Clip["measured"] = false;
  try {
    found = measured(await decoded(file));
  } catch {
    // Told beside the clip.
  }
  clips.value = clips.value.map((each) => (each.id === id ? { ...each, measured: found } : each));
}

export function remove(id: number): void {
  clips.value = clips.value.filter((each) => each.id !== id);
}

export function totalS(list: readonly Clip[]): number {
  return list.reduce((sum, each) => sum + (each.measured ? each.measured.durationS : 0), 0);
}
