/** The API key: in memory, and in the tab's session storage where the user wishes so. Never anywhere else. */
import { signal } from "@preact/signals";
import type { Problem } from "../api/problem";

const PLACE = "voicecore.key";

function kept(): string | null {
  try {
    return sessionStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

export const apiKey = signal<string | null>(kept());
/** Whether the dialog for the key is open, and why the service wanted one. */
export const keyWanted = signal<{ why: Problem | null } | null>(null);

export function useKey(key: string | null, keep: boolean): void {
  apiKey.value = key;
  try {
    if (key !== null && keep) sessionStorage.setItem(PLACE, key);
    else sessionStorage.removeItem(PLACE);
  } catch {
    // Storage may be forbidden; then it is in memory only.
  }
}

export function keyHeaders(): Record<string, string> {
  return apiKey.value === null ? {} : { "X-API-Key": apiKey.value };
}
