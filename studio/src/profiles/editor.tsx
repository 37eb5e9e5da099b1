import { useSignal } from "@preact/signals";
import { api, body } from "../api/client";
import type { Parameter, Profile } from "../api/types";
import { engines, profiles } from "../app/known";
import { common } from "../app/words";
import { Dialog } from "../parts/dialog";
import { SliderField, TextField } from "../parts/field";
import { Failed } from "../parts/states";
import { fieldError } from "../voices/clone";
import { Try } from "./try";
import { t } from "./words";

/** What is edited: a profile that is there, or a new one of an engine. */
export function Editor({ engine, profile, onClose }: { engine: string; profile: Profile | null; onClose(): void }) {
  const name = useSignal(profile?.name ?? "");
  const description = useSignal(profile?.description ?? "");
  const values = useSignal<Record<string, number>>({ ...profile?.parameters });
  const wrong = useSignal<unknown>(null);
  const known: Record<string, Parameter> = engines.value.value?.engines.find((each) => each.name === engine)?.card?.parameters ?? {};
  const fixed = profile?.built_in ?? false;
  const submit = async (event: Event) => {
    event.preventDefault();
    const wanted = { name: name.value.trim(), description: description.value, parameters: values.value };
    try {
      if (profile === null) await body(api.POST("/quality-profiles", { body: { engine, ...wanted } }));
      else await body(api.PATCH("/quality-profiles/{engine}/{profile_id}", { params: { path: { engine: profile.engine, profile_id: profile.id } }, body: wanted }));
      await profiles.load();
      onClose();
    } catch (error) {
      wrong.value = error;
    }
  };
  return (
    <Dialog wide title={profile === null ? t("new") : t(fixed ? "look" : "edit", { name: profile.name })} onClose={onClose}>
      {fixed && <p class="hint">{t("fixed")}</p>}
      <form onSubmit={(event) => void submit(event)}>
        {!fixed && (
          <div class="pair">
            <TextField label={common("name")} value={name.value} maxLength={100} required error={fieldError(wrong.value, "name")} onInput={(value) => (name.value = value)} />
            <TextField label={common("description")} value={description.value} maxLength={500} onInput={(value) => (description.value = value)} />
          </div>
        )}
        <div class="knobs">
          {Object.entries(known).map(([knob, of]) => (
            <SliderField
              key={knob} label={knob.replaceAll("_", " ")} tip={of.meaning} value={values.value[knob] ?? of.default} minimum={of.minimum} maximum={of.maximum} disabled={fixed}
              step={of.integer ? 1 : stepOf(of)} onInput={(value) => (values.value = { ...values.value, [knob]: value })}
            />
          ))}
        </div>
        {wrong.value !== null && fieldError(wrong.value, "name") === null && <Failed error={wrong.value} />}
        {!fixed && (
          <div class="actions">
            <button type="submit" class="primary" disabled={name.value.trim() === ""}>
              {t(profile === null ? "create" : "save")}
            </button>
          </div>
        )}
      </form>
      <Try engine={engine} parameters={values.value} />
    </Dialog>
  );
}

/** A hundredth of the range, as a round number. */
export function stepOf(of: { minimum: number; maximum: number }): number {
  return 10 ** Math.floor(Math.log10((of.maximum - of.minimum) / 50));
}
