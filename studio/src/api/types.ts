/** Short names for what the service answers; all of them come from its own description. */
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Job = Schemas["JobAnswer"];
export type JobList = Schemas["JobList"];
export type JobStatus = Schemas["JobStatus"];
export type Manifest = Schemas["Manifest"];
export type SegmentRow = Schemas["SegmentRow"];
export type PlannedSegment = Schemas["PlannedSegment"];
export type Voice = Schemas["VoiceAnswer"];
export type Preset = Schemas["PresetAnswer"];
export type Engine = Schemas["EngineAnswer"];
export type Card = Schemas["CardAnswer"];
export type Parameter = Schemas["ParameterAnswer"];
export type Profile = Schemas["ProfileAnswer"];
export type RvcModel = Schemas["RvcModelAnswer"];
export type RvcModelList = Schemas["RvcModelList"];
export type Statement = Schemas["StatementAnswer"];
export type Health = Schemas["HealthAnswer"];
export type Key = Schemas["KeyAnswer"];
export type Cleaned = Schemas["Cleaned"];
export type ProblemBody = Schemas["Problem"];

export type JobBody = paths["/jobs"]["post"]["requestBody"]["content"]["application/json"];
export type MixBody = paths["/voices/mix"]["post"]["requestBody"]["content"]["application/json"];
export type KeyBody = paths["/admin/keys"]["post"]["requestBody"]["content"]["application/json"];
