import { type ConditionedOn, conditionedOn, isConditional } from '../config/conditioning.ts';
import type { Config } from '../config/schema.ts';
import type { ImageBatch } from '../data/grid.ts';
import { ConfigError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { elements } from '../tensor/shape.ts';
import type { TrainingSession } from './session.ts';

/** What the images of a conditional run are asked to be: a class, or any attributes. */
export interface LabelChoice {
  /** For people, such as `7` or `Smiling,Male`. */
  readonly name: string;
  /** As the generator takes it: a 1 for the class or each attribute. */
  readonly vector: Float32Array;
}

/** What the images of a run may be asked to be. @throws ConfigError run_unconditional */
export function expectConditional(config: Config): ConditionedOn {
  if (isConditional(config)) return conditionedOn(config);
  throw new ConfigError(
    'run_unconditional',
    `a class was asked for, but the recipe '${config.recipe}' of this run was not told any (model.condition is none); leave the class out, or train a conditional recipe, such as dcgan-digits-conditional`,
  );
}

/** Each class, or each attribute by itself. */
export const everyLabel = (on: ConditionedOn): LabelChoice[] =>
  on.names.map((name, index) => ({ name, vector: vectorOf(on, [index]) }));

/** Labels of `count` images: each in turn. */
export function labelsInTurn(on: ConditionedOn, count: number): LabelChoice[] {
  const labels = everyLabel(on);
  return Array.from({ length: count }, (_, i) => labels[i % labels.length] as LabelChoice);
}

/** The label that a text names: a class by its name, or by its number from 0 on where no class has that name; attributes likewise, with
 *  commas between them, or none of them by an empty text. @throws ConfigError class_unknown, with the nearest name */
export function chooseLabel(on: ConditionedOn, text: string): LabelChoice {
  const asked = on.kind === 'classes' ? [text] : text.split(',').filter((name) => name.trim() !== '');
  const indices = asked.map((name) => indexOf(on, name.trim()));
  return { name: indices.map((index) => on.names[index]).join(','), vector: vectorOf(on, indices) };
}

function indexOf({ kind, names }: ConditionedOn, text: string): number {
  const index = names.indexOf(text);
  if (index >= 0) return index;
  if (/^\d+$/.test(text) && Number(text) < names.length) return Number(text);
  const what = kind === 'classes' ? 'class' : 'attribute';
  throw new ConfigError(
    'class_unknown',
    `this run has no ${what} '${text}'.${didYouMean(text, names)} It has ${names.join(', ')}; their numbers 0 to ${names.length - 1} do, too.`,
  );
}

function vectorOf({ names }: ConditionedOn, indices: readonly number[]): Float32Array {
  const vector = new Float32Array(names.length);
  for (const index of indices) vector[index] = 1;
  return vector;
}

/** Images in rows, a row for each label; the latents [n, latent] are the same in every row. Image i of row r is image r n + i. */
export function sampleRows(
  session: TrainingSession,
  latents: Float32Array,
  labels: readonly LabelChoice[],
): Promise<ImageBatch> {
  const rows = inRows(session, latents, labels);
  return session.sample(rows.latents, rows.labels);
}

/** Latents [n, latent] repeated for a row of images for each label, and the label of each image. */
export function inRows(
  session: TrainingSession,
  latents: Float32Array,
  labels: readonly LabelChoice[],
): { readonly latents: Float32Array; readonly labels: Float32Array } {
  const each = latents.length / elements(session.model.generator.inputShape);
  return { latents: joined(labels.map(() => latents)), labels: repeatedEach(labels, each) };
}

/** The vectors of labels [labels * each, width], each label `each` times in a row. */
export const repeatedEach = (labels: readonly LabelChoice[], each: number): Float32Array =>
  joined(labels.flatMap(({ vector }) => Array<Float32Array>(each).fill(vector)));

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A grid of samples. */
export interface SampleGrid {
  readonly images: ImageBatch;
  /** Images in a row; the nearest to a square if not given. */
  readonly columns?: number;
  /** One for each row; only of a conditional run whose grid has room for two images of each label. */
  readonly rows?: readonly LabelChoice[];
}

/** A run's grid of fixed latents: of a conditional run a row for each label, the latents being the same in all rows. */
export async function drawSampleGrid(session: TrainingSession): Promise<SampleGrid> {
  const { config } = session.model;
  const { sampleCount, seed } = config;
  if (!isConditional(config)) return { images: await session.sample(await session.drawLatents(sampleCount, seed)) };
  const labels = everyLabel(conditionedOn(config)).slice(0, sampleCount);
  const each = Math.floor(sampleCount / labels.length);
  const images = await sampleRows(session, await session.drawLatents(each, seed), labels);
  return each > 1 ? { images, columns: each, rows: labels } : { images };
}
