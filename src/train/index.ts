export type { JsonValue } from '../durable.ts';
export type { Share } from '../graph/ranks/layout.ts';
export type { Header, TensorInfo } from '../safetensors/header.ts';
export { type FileDigest, SafetensorsFile, type TensorData } from '../safetensors/safetensors.ts';
export {
  chooseLabel,
  everyLabel,
  expectConditional,
  type LabelChoice,
  labelsInTurn,
  repeatedEach,
  sampleRows,
} from './by_label.ts';
export { type Change, formatChange } from './changes.ts';
export { type Checkpoint, loadCheckpoint } from './checkpoint/checkpoint.ts';
export { type CheckpointEntry, listCheckpoints } from './checkpoint/listing.ts';
export type { RelativeDiversity } from './diversity.ts';
export { formatWeights, planWeights, type WeightPlan, type WeightSource } from './from_run.ts';
export { type GeneratedOptions, generatedImages } from './generated_images.ts';
export { type HealthState, HealthWatch, type Warning } from './health.ts';
export { BIN_EDGES, type BinCounts, type HistogramKind, type OutputHistograms } from './histogram.ts';
export { hostLatents } from './latents.ts';
export type { TrainEvent } from './loop.ts';
export { createModel, type ModelOptions, monitorsOf, type TrainingModel } from './model.ts';
export { type Prepared, prepareTraining, type TrainOptions } from './prepare.ts';
export { type ResumeOptions, resume } from './resume.ts';
export type { StartingWeights } from './run/environment.ts';
export { type HistogramsRecord, readHistograms } from './run/histograms.ts';
export { fateOfRecipe } from './run/kept_recipe.ts';
export { type Holder, runHolder } from './run/lock.ts';
export { type MetricsRecord, MetricsWriter, readMetrics, type SystemFigures } from './run/metrics.ts';
export { askRun, type RunRequest } from './run/requests.ts';
export { formatSurroundings, type Sitting } from './run/sittings.ts';
export type { StepRecord } from './run/step_lines.ts';
export type { CountedValues, EncodedImage, Hyperparameter } from './run/summaries.ts';
export { EventWriter } from './run/tfevents.ts';
export { openSampler, type SamplerOptions } from './sampler.ts';
export { type StepMetrics, type StepVerdicts, TrainingSession } from './session.ts';
export { type RecipeChoice, readMonitors } from './stored_config.ts';
export {
  type LayerSummary,
  type ModelSummary,
  type NetworkSummary,
  type ProgramSummary,
  summarize,
} from './summary.ts';
export { train } from './train.ts';
export { loadVariables, saveVariables } from './variables.ts';
