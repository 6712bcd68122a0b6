import { resolve } from 'node:path';
import type { ConfigChanges } from '../config/index.ts';
import { CheckpointError } from '../errors.ts';
import { digestFile, type SafetensorsFile } from '../safetensors/safetensors.ts';
import type { Variable } from '../tensor/variable.ts';
import { differences, formatChange } from './changes.ts';
import { type Checkpoint, loadCheckpoint } from './checkpoint/checkpoint.ts';
import type { TrainingModel } from './model.ts';
import { readProgress } from './progress.ts';
import type { StartingWeights } from './run/environment.ts';
import { readRunFolder } from './run/folder.ts';
import type { TrainingSession } from './session.ts';
import { describeMisfit } from './variables.ts';

/** A run whose weights a new one begins with, at its newest checkpoint unless told. */
export interface WeightSource {
  readonly run: string;
  readonly step?: number | undefined;
}

/** What a new run takes of another one's checkpoint. */
export interface WeightPlan {
  readonly weights: StartingWeights;
  /** The variables that fit, and where their values lie. */
  readonly taken: readonly { readonly variable: Variable; readonly file: SafetensorsFile }[];
}

const NETWORKS = ['generator', 'discriminator'] as const;

/** Finds which variables of a model's networks a checkpoint has by name and shape; the others begin anew. Optimisers, an average and what a
 *  game keeps begin anew in any case.
 *  @throws CheckpointError weights_misfit if one of the networks would take nothing; and as `loadCheckpoint` */
export async function planWeights({ run, step }: WeightSource, model: TrainingModel): Promise<WeightPlan> {
  const checkpoint = await loadCheckpoint(run, step === undefined ? {} : { step });
  const parts = NETWORKS.map((network) => partOf(checkpoint, network, model));
  const anew = parts.flatMap(({ misfits }) => misfits);
  const empty = NETWORKS.find((_, i) => !parts[i]?.taken.some(isWeight));
  const differ = anew.length === 0 ? [] : await differentForms(run, checkpoint, model);
  if (empty !== undefined) {
    const lines = some(anew)
      .map((misfit) => `\n  ${misfit}`)
      .join('');
    throw new CheckpointError(
      'weights_misfit',
      `no weight of the ${empty} fits ${checkpoint.folder}:${lines}\n  Give the new run networks of the same form${differ.length > 0 ? `; from that run to this one differ ${differ.join(', ')}` : ''}.`,
    );
  }
  return {
    weights: { run: resolve(run), step: checkpoint.step, sha256: await digestOf(checkpoint), anew, differ },
    taken: parts.flatMap(({ taken }) => taken),
  };
}

/** Gives the variables of a session the values that a plan has found for them. */
export async function takeWeights(session: TrainingSession, { taken }: WeightPlan): Promise<void> {
  for (const { variable, file } of taken) await session.write(variable, await file.read(variable.name));
}

/** The plan that a run began with, for one that begins again. @throws CheckpointError weights_changed, and as planWeights */
export async function recallWeights(weights: StartingWeights, model: TrainingModel): Promise<WeightPlan> {
  const plan = await planWeights(weights, model);
  if (plan.weights.sha256 === weights.sha256) return plan;
  throw new CheckpointError(
    'weights_changed',
    `the run began with the weights of ${weights.run} at step ${weights.step}, which are others now. Begin a new run with --from.`,
  );
}

/** What a run began with, for people. */
export function formatWeights({ run, step, anew, differ }: StartingWeights): string {
  const rest =
    anew.length === 0
      ? ''
      : `. ${anew.length} begin anew${differ.length > 0 ? ` (from that run to this one differ ${differ.join(', ')})` : ''}: ${some(anew).join('; ')}`;
  return `the weights of ${run} at step ${step}${rest}`;
}

/** More would bury the message; environment.json has all. */
const MOST_TOLD = 6;

const some = (sentences: readonly string[]): readonly string[] =>
  sentences.length <= MOST_TOLD
    ? sentences
    : [...sentences.slice(0, MOST_TOLD), `and ${sentences.length - MOST_TOLD} more`];

function partOf({ files }: Checkpoint, network: (typeof NETWORKS)[number], model: TrainingModel) {
  const file = files.get(network);
  const { variables } = model[network];
  const judged = variables.map((variable) => ({ variable, misfit: describeMisfit(file, variable) }));
  return {
    taken: judged.flatMap(({ variable, misfit }) => (misfit ? [] : [{ variable, file: file as SafetensorsFile }])),
    misfits: judged.flatMap(({ misfit }) => misfit ?? []),
  };
}

/** Filters and matrices; a bias may fit by chance. */
const isWeight = ({ variable }: WeightPlan['taken'][number]): boolean => variable.shape.length > 1;

/** Keys and groups of keys that decide which variables networks have. */
const FORM = [
  'recipe',
  'size',
  'channels',
  'latent',
  'model',
  'options',
  'conditionedOn',
  'extractor.measures',
  'extractor.labels',
];

async function differentForms(run: string, checkpoint: Checkpoint, { config }: TrainingModel): Promise<string[]> {
  const before: ConfigChanges = readProgress(checkpoint).config ?? (await readRunFolder(run)).config;
  return differences(before, config)
    .filter(({ key }) => FORM.some((form) => key === form || key.startsWith(`${form}.`)))
    .map(formatChange);
}

const digestOf = async ({ files }: Checkpoint): Promise<string> => {
  const digests = NETWORKS.map(async (network) => {
    const file = files.get(network);
    return file ? (await digestFile(file.path)).sha256 : '';
  });
  return (await Promise.all(digests)).join(' ');
};
