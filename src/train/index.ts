export type { WeightAverage } from './average.ts';
export { type Change, formatChange } from './changes.ts';
export { type Checkpoint, loadCheckpoint } from './checkpoint/checkpoint.ts';
export type { Header, TensorInfo } from './checkpoint/header.ts';
export { type CheckpointEntry, listCheckpoints } from './checkpoint/listing.ts';
export type { SafetensorsFile, TensorData } from './checkpoint/safetensors.ts';
export type { DescriptorStatistics } from './descriptors.ts';
export { hostLatents, type LatentConfig } from './latents.ts';
export { createModel, type EquilibriumState, type TrainingModel } from './model.ts';
export { type Prepared, prepareTraining, type TrainOptions } from './prepare.ts';
export { type StepProgram, stepPrograms } from './programs.ts';
export { type ResumeOptions, resume } from './resume.ts';
export type { JsonValue } from './run/durable.ts';
export { type MetricsRecord, readMetrics } from './run/metrics.ts';
export { formatSurroundings, type Sitting } from './run/sittings.ts';
export { openSampler } from './sampler.ts';
export { type StepMetrics, TrainingSession } from './session.ts';
export {
  type LayerSummary,
  type ModelSummary,
  type NetworkSummary,
  type ProgramSummary,
  summarize,
} from './summary.ts';
export { train } from './train.ts';
export type { TrainEvent } from './trainer.ts';
