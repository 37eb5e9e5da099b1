/** Something of the service that a screen shows. */
import { type Signal, signal } from "@preact/signals";
import { apiKey } from "../app/session";
import { asProblem } from "../api/problem";

export interface Loaded<T> {
  value: Signal<T | null>;
  error: Signal<unknown>;
  busy: Signal<boolean>;
  load(): Promise<void>;
  /** Loads it unless it is there. */
  want(): void;
}

export function loaded<T>(read: () => Promise<T>): Loaded<T> {
  const made: Loaded<T> = {
    value: signal<T | null>(null),
    error: signal<unknown>(null),
    busy: signal(false),
    async load() {
      made.busy.value = true;
      try {
        made.value.value = await read();
        made.error.value = null;
      } catch (error) {
        if (asProblem(error) !== null) made.error.value = error;
      } finally {
        made.busy.value = false;
      }
    },
    want() {
      if (made.value.peek() === null && !made.busy.peek()) void made.load();
    },
  };
  // Another key sees other things.
  let first = true;
  apiKey.subscribe(() => {
    if (!first && (made.value.peek() !== null || made.error.peek() !== null)) void made.load();
    first = false;
  });
  return made;
}
