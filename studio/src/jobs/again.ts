import type { Job, JobBody } from "../api/types";

/** The request of a job, so that it can be made once more; null for those whose recordings are gone. */
export function requestAgain(job: Job): JobBody | null {
  if (job.text === null || (job.mode !== "dubbing" && job.mode !== "dubbing_with_clone")) return null;
  const { rvc } = job;
  const knobs = ["pitch", "index_rate", "protect", "rms_mix_rate", "filter_radius", "hop_length"] as const;
  const found: Record<string, unknown> = {
    mode: job.mode, text: job.text, source_language: job.source_language, engine: job.engine, voice_preset: job.voice_preset, voice_id: job.voice_id,
    quality_profile_id: job.quality_profile, speed: job.speed, seed: job.seed, output_format: job.output_format, priority: job.priority,
    target_language: job.target_language === job.source_language ? null : job.target_language,
  };
  if (rvc.enabled) {
    Object.assign(found, { enable_rvc: true, rvc_model_id: rvc.model_id, rvc_f0_method: rvc.f0_method, rvc_required: rvc.required || null });
    for (const each of knobs) found[`rvc_${each}`] = rvc[each];
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null && value !== undefined)) as unknown as JobBody;
}
