import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { SelectField, TextField } from "../parts/field";
import { ADVANCED_DEFAULTS, type Advanced, FORMATS, LONGEST_URL, PRIORITIES, webhookWrong } from "./settings";
import { advancedWords as t } from "./words";

/** The fold of what few people change. `sound`: whether a sound is made, whose kind of file can be chosen. */
export function AdvancedFold({ value, onChange, sound = true, children }: { value: Advanced; onChange(value: Advanced): void; sound?: boolean; children?: ComponentChildren }) {
  const wrong = webhookWrong(value.webhook);
  // Open from the start where something is chosen; from then on it is the reader's to open and close.
  const [open] = useState(() => Object.entries(ADVANCED_DEFAULTS).some(([name, usual]) => value[name as keyof Advanced] !== usual));
  return (
    <details class="more" open={open || wrong !== null}>
      <summary>{t("title")}</summary>
      <div class="knobs">
        {children}
        {sound && (
          <SelectField
            label={t("format")} tip={t("format_tip")} value={value.format} choices={FORMATS.map((each) => ({ value: each, label: each }))}
            onChange={(format) => onChange({ ...value, format: format as Advanced["format"] })}
          />
        )}
        <SelectField
          label={t("priority")} tip={t("priority_tip")} value={value.priority} choices={PRIORITIES.map((each) => ({ value: each, label: t(each) }))}
          onChange={(priority) => onChange({ ...value, priority: priority as Advanced["priority"] })}
        />
        <TextField
          label={t("webhook")} tip={t("webhook_tip")} hint={t("webhook_hint")} value={value.webhook} onInput={(webhook) => onChange({ ...value, webhook })}
          error={wrong && t(wrong, { n: value.webhook.trim().length, most: LONGEST_URL })}
        />
      </div>
    </details>
  );
}
