import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { common } from "../app/words";
import { Icon } from "./icon";

/** A window over the page. The browser keeps the focus in it and gives it back; Escape closes it. */
export function Dialog({ title, onClose, children, wide }: { title: string; onClose(): void; children: ComponentChildren; wide?: boolean }) {
  const place = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    place.current?.showModal();
    // The first thing to do, rather than the cross.
    place.current?.querySelector<HTMLElement>(".dialog-body > :not(header) :is(input, textarea, select, button.primary)")?.focus();
  }, []);
  return (
    <dialog
      ref={place} class={wide ? "wide" : undefined} aria-labelledby={id} onClose={onClose}
      onClick={(event) => event.target === place.current && place.current?.close()}
    >
      <div class="dialog-body">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" class="icon" aria-label={common("close")} onClick={() => place.current?.close()}>
            <Icon name="x" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
