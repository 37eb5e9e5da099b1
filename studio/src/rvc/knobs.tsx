import { useEffect } from "preact/hooks";
import { rvcModels } from "../app/known";
import { SelectField, SliderField } from "../parts/field";
import { Failed, Loading } from "../parts/states";
import { KNOBS, RVC_DEFAULTS, type RvcSettings } from "./settings";
import { rvcWords as t } from "./words";

/** Model and knobs of a conversion. Tells what changes and nothing else: a knob may have been moved since this was drawn. */
export function RvcKnobs({ value, onChange }: { value: RvcSettings; onChange(changes: Partial<RvcSettings>): void }) {
  useEffect(() => rvcModels.want(), []);
  const known = rvcModels.value.value;
  const first = known?.models[0]?.id;
  useEffect(() => {
    if (known !== null && first !== undefined && !known.models.some((each) => each.id === value.model)) onChange({ model: first });
  }, [first]);
  if (rvcModels.error.value) return <Failed error={rvcModels.error.value} retry={() => void rvcModels.load()} />;
  if (known === null) return <Loading />;
  if (!known.installed) return <p class="hint">{t("off", { detail: known.detail ?? "" })}</p>;
  if (known.models.length === 0) return <p class="hint">{t("none")}</p>;
  const methods = known.f0_methods.map((each) => ({ value: each.id, label: each.available ? each.id : `${each.id} – ${each.detail ?? ""}`, disabled: !each.available }));
  return (
    <div class="knobs">
      <SelectField
        label={t("model")} value={value.model} onChange={(model) => onChange({ model })}
        choices={known.models.map((each) => ({ value: each.id, label: each.name }))}
      />
      {KNOBS.map(({ name, ...range }) => (
        <SliderField key={name} label={t(name)} tip={t(`${name}_tip`)} value={value[name]} {...range} onInput={(found) => onChange({ [name]: found })} />
      ))}
      <SelectField
        label={t("f0_method")} tip={t("f0_method_tip")} value={value.f0_method} choices={[{ value: "", label: t("auto") }, ...methods]}
        onChange={(f0_method) => onChange({ f0_method })}
      />
      <button type="button" class="plain" onClick={() => onChange({ ...RVC_DEFAULTS, on: value.on, model: value.model })}>
        {t("reset")}
      </button>
    </div>
  );
}
