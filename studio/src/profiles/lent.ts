/** Profiles that are lent to the service while one is tried. Their names tell so, and when; what a browser that went away left is removed later. */
import { api, body } from "../api/client";
import type { Profile } from "../api/types";

/** A sentence takes seconds, on a slow machine minutes. */
export const LENT_MS = 3_600_000;

const NAME = /^~ (\d{13}) [0-9a-f]{16}$/;

export function lentName(now: number): string {
  const chance = crypto.getRandomValues(new Uint8Array(8));
  return `~ ${now} ${Array.from(chance, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Since when a profile of this name is lent; null if it is somebody's own. */
export function lentSince(name: string): number | null {
  const found = NAME.exec(name);
  return found === null ? null : Number(found[1]);
}

/** Those that nobody can be listening to any more. */
export function leftBehind(profiles: readonly Profile[], now: number): Profile[] {
  return profiles.filter(({ name }) => {
    const since = lentSince(name);
    return since !== null && now - since > LENT_MS;
  });
}

/** Removes it; who cannot be told now is found by `leftBehind`. */
export async function giveBack({ engine, id }: Profile): Promise<void> {
  await body(api.DELETE("/quality-profiles/{engine}/{profile_id}", { params: { path: { engine, profile_id: id } }, keepalive: true })).catch(() => undefined);
}
