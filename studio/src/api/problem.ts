import type { Job, ProblemBody } from "./types";
import { advice } from "./words";

/** A refusal of the service, that it could not be reached, or a defect of this page (both of status 0). */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly field: string | null = null,
    readonly requestId: string | null = null,
    readonly retryAfterS: number | null = null,
  ) {
    super(detail);
  }

  get unreachable(): boolean {
    return this.code === "unreachable";
  }

  /** What to do, in the reader's language; for a code that nobody knows, what was said. */
  get advice(): string {
    return advice(this.code) ?? this.detail;
  }

  /** The service's own sentence, which names field and limit; null where it would say the advice again, or nothing to a reader. */
  get said(): string | null {
    return this.unreachable || this.detail === "" || this.detail === this.advice ? null : this.detail;
  }

  /** Both in one line, for places that have one. */
  get line(): string {
    return this.said === null ? this.advice : `${this.advice} (${this.said})`;
  }
}

/** Reads a refusal; whatever stands between us and the service may answer with something else. */
export async function problemOf(answer: Response): Promise<Problem> {
  const text = await answer.text().catch(() => "");
  return problemFrom(answer.status, text, Number(answer.headers.get("Retry-After")) || null);
}

export function problemFrom(status: number, text: string, retryAfterS: number | null = null): Problem {
  let body: Partial<ProblemBody> = {};
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null) body = found;
  } catch {
    // Not ours: a proxy's page, perhaps.
  }
  const detail = typeof body.detail === "string" ? body.detail : `HTTP ${status}`;
  const code = typeof body.code === "string" ? body.code : `http_${status}`;
  return new Problem(status, code, detail, body.field ?? null, body.request_id ?? null, retryAfterS);
}

/** Why a job did not come to its end. */
export function problemOfJob(job: Job): Problem {
  return new Problem(500, job.error_code ?? (job.status === "cancelled" ? "cancelled" : "job_failed"), job.error ?? "");
}

/** Whatever was thrown, as a problem; null for what the user stopped himself. */
export function asProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof DOMException && error.name === "AbortError") return null;
  if (error instanceof TypeError) return new Problem(0, "unreachable", error.message);
  return new Problem(0, "defect", error instanceof Error ? error.message : String(error));
}
