/** What is shown where nothing can be shown: it says what to do. */
import type { ComponentChildren } from "preact";
import { asProblem } from "../api/problem";
import { common } from "../app/words";
import { Icon, type IconName } from "./icon";

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h3>{title}</h3>
      {children}
    </div>
  );
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = asProblem(error);
  if (problem === null) return null;
  return (
    <div class="failed" role="alert">
      <Icon name="warn" />
      <div>
        <p>{problem.advice}</p>
        {problem.said !== null && (
          <p class="said" dir="auto">
            {problem.said}
          </p>
        )}
        {problem.requestId && <p class="hint">request {problem.requestId}</p>}
        {retry && (
          <button type="button" onClick={retry}>
            {common("retry")}
          </button>
        )}
      </div>
    </div>
  );
}

export function Loading() {
  return (
    <p class="loading" role="status">
      {common("loading")}
    </p>
  );
}
