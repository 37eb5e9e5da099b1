/** Short messages, some with a way back. They are read out, and wait while they are pointed at. */
import { signal } from "@preact/signals";
import { asProblem } from "../api/problem";
import { Icon } from "../parts/icon";
import { common } from "./words";

interface Toast {
  id: number;
  text: string;
  kind: "plain" | "good" | "bad";
  undo?: () => void;
  /** What happens when it is gone and nobody took it back. */
  settle?: () => void;
  timer: ReturnType<typeof setTimeout>;
}

const toasts = signal<Toast[]>([]);
const PLAIN_MS = 5_000;
export const UNDO_MS = 8_000;
let last = 0;

export function say(text: string, kind: Toast["kind"] = "plain"): void {
  add({ text, kind }, kind === "bad" ? 2 * PLAIN_MS : PLAIN_MS);
}

/** Says what went wrong, unless the user stopped it himself. */
export function sayProblem(error: unknown): void {
  const problem = asProblem(error);
  if (problem === null || problem.status === 401) return;
  say(problem.line, "bad");
}

/** Does something in a while, unless it is undone. Leaving the page does it at once. */
export function sayWithUndo(text: string, settle: () => void, undo: () => void): void {
  add({ text, kind: "plain", settle, undo }, UNDO_MS);
}

function add(toast: Omit<Toast, "id" | "timer">, ms: number): void {
  last += 1;
  const id = last;
  const timer = setTimeout(() => end(id, true), ms);
  // One that has to give way is done, not forgotten.
  for (const each of toasts.value.slice(0, -3)) end(each.id, true);
  toasts.value = [...toasts.value, { ...toast, id, timer }];
}

function end(id: number, settled: boolean): void {
  const toast = toasts.value.find((each) => each.id === id);
  if (toast === undefined) return;
  clearTimeout(toast.timer);
  toasts.value = toasts.value.filter((each) => each.id !== id);
  if (settled) toast.settle?.();
  else toast.undo?.();
}

addEventListener("pagehide", () => {
  for (const each of toasts.value) each.settle?.();
});

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((each) => (
        <div key={each.id} class={`toast ${each.kind}`}>
          <span>{each.text}</span>
          {each.undo && (
            <button type="button" class="plain" onClick={() => end(each.id, false)}>
              {common("undo")}
            </button>
          )}
          <button type="button" class="icon" aria-label={common("close")} onClick={() => end(each.id, true)}>
            <Icon name="x" />
          </button>
        </div>
      ))}
    </div>
  );
}
