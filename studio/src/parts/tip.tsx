/** A question mark that explains in plain words: by pointing, by focus, by touch. */
import { useId } from "preact/hooks";
import { useSignal } from "@preact/signals";

export function Tip({ text, about }: { text: string; about: string }) {
  const id = useId();
  const open = useSignal(false);
  return (
    <span class="tip" onMouseEnter={() => (open.value = true)} onMouseLeave={() => (open.value = false)}>
      <button
        type="button" class="tip-mark" aria-label={`${about}: ?`} aria-describedby={id} aria-expanded={open.value}
        onClick={() => (open.value = true)} onFocus={() => (open.value = true)} onBlur={() => (open.value = false)}
        onKeyDown={(event) => event.key === "Escape" && (open.value = false)}
      >
        ?
      </button>
      <span class={open.value ? "tip-text open" : "tip-text"} role="tooltip" id={id}>
        {text}
      </span>
    </span>
  );
}
