import { send } from "./client";
import { problemOf } from "./problem";
import type { Health } from "./types";

/** How the service is. An unhealthy one answers 503 and tells, so that is no refusal. */
export async function fetchedHealth(): Promise<Health> {
  const answer = await send("/health");
  if (!answer.ok && answer.status !== 503) throw await problemOf(answer);
  return (await answer.json()) as Health;
}
