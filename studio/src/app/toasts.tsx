/** Short messages, some with a way back. They are read out, and wait while they are pointed at or a key has led to one. */
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
  /** How long it stays, and what ends it; none while it waits. */
  ms: number;
  timer?: ReturnType<typeof setTimeout>;
}

const toasts = signal<Toast[]>([]);
const PLAIN_MS = 5_000;
export const UNDO_MS = 8_000;
let last = 0;
/** Somebody reads: whoever needs longer than the messages stay shall not have to hurry to undo. */
let read = false;

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

function add(said: Omit<Toast, "id" | "ms">, ms: number): void {
  last += 1;
  const toast = { ...said, id: last, ms };
  // One that has to give way is done, not forgotten.
  for (const each of toasts.value.slice(0, -3)) end(each.id, true);
  toasts.value = [...toasts.value, toast];
  if (!read) start(toast);
}

function start(toast: Toast): void {
  toast.timer = setTimeout(() => end(toast.id, true), toast.ms);
}

/** All wait, or all have their time anew. */
function reading(now: boolean): void {
  if (now === read) return;
  read = now;
  for (const each of toasts.value) {
    clearTimeout(each.timer);
    if (!now) start(each);
  }
}

function end(id: number, settled: boolean): void {
  const toast = toasts.value.find((each) => each.id === id);
  if (toast === undefined) return;
  clearTimeout(toast.timer);
  toasts.value = toasts.value.filter((each) => each.id !== id);
  if (settled) toast.settle?.();
  else toast.undo?.();
}

/** By a button of it. What is gone tells of no pointer and no focus that leaves it, so it is said here. */
function answer(id: number, settled: boolean): void {
  end(id, settled);
  reading(false);
}

addEventListener("pagehide", () => {
  for (const each of toasts.value) each.settle?.();
});

export function Toasts() {
  return (
    <div
      class="toasts" role="status" aria-live="polite" onPointerEnter={() => reading(true)} onPointerLeave={() => reading(false)}
      onFocusIn={() => reading(true)} onFocusOut={() => reading(false)}
    >
      {toasts.value.map((each) => (
        <div key={each.id} class={`toast ${each.kind}`}>
          <span>{each.text}</span>
          {each.undo && (
            <button type="button" class="plain" onClick={() => answer(each.id, false)}>
              {common("undo")}
            </button>
          )}
          <button type="button" class="icon" aria-label={common("close")} onClick={() => answer(each.id, true)}>
            <Icon name="x" />
          </button>
        </div>
      ))}
    </div>
  );
}
