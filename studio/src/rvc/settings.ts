/** The knobs of a conversion, as the studio keeps them. Ranges and defaults are those of the service (docs/http.md). */
import type { JobBody } from "../api/types";

export interface RvcSettings {
  on: boolean;
  model: string;
  pitch: number;
  index_rate: number;
  protect: number;
  rms_mix_rate: number;
  filter_radius: number;
  hop_length: number;
  /** Empty: the service's choice. */
  f0_method: string;
  /** Of speech: fail rather than keep the plain voice. */
  required: boolean;
}

/** Largest seed that the service takes. */
export const MOST_SEED = 4_294_967_295;

export const RVC_DEFAULTS: RvcSettings = {
  on: false, model: "", pitch: 0, index_rate: 0.75, protect: 0.33, rms_mix_rate: 0.25, filter_radius: 3, hop_length: 128, f0_method: "", required: false,
};

export const KNOBS = [
  { name: "pitch", minimum: -12, maximum: 12, step: 1 },
  { name: "index_rate", minimum: 0, maximum: 1, step: 0.05 },
  { name: "protect", minimum: 0, maximum: 0.5, step: 0.01 },
  { name: "rms_mix_rate", minimum: 0, maximum: 1, step: 0.05 },
  { name: "filter_radius", minimum: 0, maximum: 7, step: 1 },
  { name: "hop_length", minimum: 1, maximum: 512, step: 1 },
] as const;

type RvcFields = Partial<Pick<JobBody, "rvc_model_id" | "rvc_pitch" | "rvc_index_rate" | "rvc_protect" | "rvc_rms_mix_rate" | "rvc_filter_radius" | "rvc_hop_length" | "rvc_f0_method" | "rvc_required">>;

/** As the service wants them; what is as it would be anyway is left out. */
export function rvcFields(settings: RvcSettings): RvcFields {
  const found: RvcFields = { rvc_model_id: settings.model };
  for (const { name } of KNOBS) {
    if (settings[name] !== RVC_DEFAULTS[name]) found[`rvc_${name}`] = settings[name];
  }
  if (settings.f0_method !== "") found.rvc_f0_method = settings.f0_method as RvcFields["rvc_f0_method"];
  if (settings.required) found.rvc_required = true;
  return found;
}
