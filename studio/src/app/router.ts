/** Which screen is shown, by the address's fragment: the service serves one page only. */
import { signal } from "@preact/signals";

export const SCREENS = ["speak", "voices", "convert", "jobs", "profiles", "system"] as const;
export type Screen = (typeof SCREENS)[number];

/** `#/jobs/job_1` is the screen `jobs` with the detail `job_1`. */
export function parsed(hash: string): { screen: Screen; detail: string | null } {
  const [name, detail] = hash.replace(/^#\/?/, "").split("/");
  const screen = SCREENS.find((each) => each === name) ?? "speak";
  return { screen, detail: detail ? decodeURIComponent(detail) : null };
}

export const route = signal(parsed(globalThis.location?.hash ?? ""));

export function go(screen: Screen, detail?: string): void {
  location.hash = `#/${screen}${detail === undefined ? "" : `/${encodeURIComponent(detail)}`}`;
}

globalThis.addEventListener?.("hashchange", () => {
  route.value = parsed(location.hash);
});
