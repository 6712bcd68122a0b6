export { type Checkpoint, loadCheckpoint } from './checkpoint/checkpoint.ts';
export { listCheckpoints } from './checkpoint/listing.ts';
export { hostLatents } from './latents.ts';
export { createModel, type TrainingModel } from './model.ts';
export { type StepProgram, stepPrograms } from './programs.ts';
export { type MetricsRecord, readMetrics } from './run/metrics.ts';
export { TrainingSession } from './session.ts';
export {
  type LayerSummary,
  type ModelSummary,
  type NetworkSummary,
  type ProgramSummary,
  summarize,
} from './summary.ts';
export {
  openSampler,
  type Prepared,
  prepareTraining,
  type ResumeOptions,
  resume,
  type TrainOptions,
  train,
} from './train.ts';
export type { TrainEvent } from './trainer.ts';
