/** Labelled inputs. Each says what is wrong with it where it is. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Tip } from "./tip";

interface Labelled {
  label: string;
  /** Why one would change it, in plain words. */
  tip?: string;
  error?: string | null;
  hint?: string;
}

function Frame({ id, label, tip, error, hint, aside, children }: Labelled & { id: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="field">
      <div class="field-head">
        <label for={id}>{label}</label>
        {tip && <Tip text={tip} about={label} />}
        {aside}
      </div>
      {children}
      {hint && !error && (
        <p class="hint" id={`${id}-note`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="wrong" id={`${id}-note`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

const noted = (id: string, { error, hint }: Labelled) => ({
  "aria-describedby": error || hint ? `${id}-note` : undefined,
  "aria-invalid": error ? true : undefined,
});

export function TextField(props: Labelled & { value: string; onInput(value: string): void; maxLength?: number; type?: "text" | "password" | "search"; placeholder?: string; autocomplete?: string; required?: boolean }) {
  const id = useId();
  return (
    <Frame id={id} {...props}>
      <input
        id={id} type={(props.type ?? "text") as "text"} value={props.value} maxLength={props.maxLength} placeholder={props.placeholder} required={props.required}
        autocomplete={props.autocomplete ?? "off"} spellcheck={false} {...noted(id, props)}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
    </Frame>
  );
}

export interface Choice {
  value: string;
  label: string;
  disabled?: boolean;
}

export function SelectField(props: Labelled & { value: string; choices: Choice[]; onChange(value: string): void; disabled?: boolean }) {
  const id = useId();
  return (
    <Frame id={id} {...props}>
      <select id={id} value={props.value} disabled={props.disabled} {...noted(id, props)} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.choices.map((each) => (
          <option key={each.value} value={each.value} disabled={each.disabled} selected={each.value === props.value}>
            {each.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function SliderField(props: Labelled & { value: number; minimum: number; maximum: number; step: number; unit?: string; onInput(value: number): void; disabled?: boolean }) {
  const id = useId();
  const shown = `${Number(props.value.toFixed(3))}${props.unit ?? ""}`;
  return (
    <Frame id={id} {...props} aside={<output for={id}>{shown}</output>}>
      <input
        id={id} type="range" min={props.minimum} max={props.maximum} step={props.step} value={props.value} disabled={props.disabled}
        aria-valuetext={shown} {...noted(id, props)} onInput={(event) => props.onInput(event.currentTarget.valueAsNumber)}
      />
    </Frame>
  );
}

export function NumberField(props: Labelled & { value: number; minimum: number; maximum: number; onInput(value: number): void }) {
  const id = useId();
  const given = (value: number) => Number.isFinite(value) && props.onInput(Math.min(props.maximum, Math.max(props.minimum, Math.round(value))));
  return (
    <Frame id={id} {...props}>
      <input
        id={id} type="number" inputMode="numeric" min={props.minimum} max={props.maximum} value={props.value} {...noted(id, props)}
        onChange={(event) => given(event.currentTarget.valueAsNumber)}
      />
    </Frame>
  );
}

/** A whole number, or null while the field is empty. */
export function OptionalNumberField(props: Labelled & { value: number | null; minimum: number; maximum: number; onInput(value: number | null): void }) {
  const id = useId();
  const given = (value: number) => props.onInput(Number.isFinite(value) ? Math.min(props.maximum, Math.max(props.minimum, Math.round(value))) : null);
  return (
    <Frame id={id} {...props}>
      <input
        id={id} type="number" inputMode="numeric" min={props.minimum} max={props.maximum} value={props.value ?? ""} {...noted(id, props)}
        onChange={(event) => given(event.currentTarget.valueAsNumber)}
      />
    </Frame>
  );
}

export function Toggle(props: { label: string; checked: boolean; onChange(checked: boolean): void; tip?: string; disabled?: boolean }) {
  const id = useId();
  return (
    <div class="toggle">
      <input id={id} type="checkbox" role="switch" checked={props.checked} disabled={props.disabled} onChange={(event) => props.onChange(event.currentTarget.checked)} />
      <label for={id}>{props.label}</label>
      {props.tip && <Tip text={props.tip} about={props.label} />}
    </div>
  );
}
