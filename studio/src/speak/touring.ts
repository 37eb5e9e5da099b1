import { signal } from "@preact/signals";

const SEEN = "voicecore.tour";

function unseen(): boolean {
  try {
    return localStorage.getItem(SEEN) === null;
  } catch {
    return false;
  }
}

/** Whether the tour is under way: by itself for who is here for the first time. */
export const touring = signal(unseen());

export function seen(): void {
  touring.value = false;
  try {
    localStorage.setItem(SEEN, "seen");
  } catch {
    // Then it comes again.
  }
}
