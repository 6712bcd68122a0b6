import { type ConditionedOn, isConditional, needsLabels } from '../config/conditioning.ts';
import { learnsLabels } from '../config/representatives.ts';
import type { Config } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import { expectLabels, type Labels, labelIndex, labelsOfImages, labelVectors } from '../data/labels/labels.ts';
import { DataError } from '../errors.ts';

/** A configuration that knows the labels of these images, where its training reads labels; as it is where it does not.
 *  @throws DataError data_unlabelled, label_unknown for one that an extractor is to learn, labels_changed if the networks were made for others */
export function withLabels(config: Config, dataset: Dataset): Config {
  if (!needsLabels(config)) return config;
  const labels = expectSameLabels(config, dataset);
  if (learnsLabels(config)) for (const name of config.extractor.labels) labelIndex(labels, name);
  const { kind, names } = labels;
  return { ...config, conditionedOn: { kind, names: [...names] } };
}

/** The labels of images for a run that reads them. @throws DataError data_unlabelled, labels_changed */
export function expectSameLabels(config: Config, dataset: Dataset): Labels {
  const { recipe, conditionedOn } = config;
  const reader = isConditional(config) ? 'model.condition' : 'extractor.labels';
  const labels = expectLabels(dataset, `recipe '${recipe}' (${reader})`);
  if (conditionedOn && !areSame(conditionedOn, labels)) {
    throw new DataError(
      'labels_changed',
      `${dataset.name}: the networks were made for the ${describe(conditionedOn)}, but these images have the ${describe(labels)}; name the data that they were trained on, or begin a new run`,
    );
  }
  return labels;
}

/** The labels that a conditional generator is asked for. */
export interface AskedLabels {
  /** [N, labels], as the generator takes them. */
  readonly vectors: Float32Array;
  /** The class of each image, where each has one. */
  readonly classes?: readonly string[];
}

/** The labels of some real images, to ask for as many generated ones of the same; undefined for a run that is not conditional.
 *  @throws DataError data_unlabelled, labels_changed */
export function labelsLike(config: Config, dataset: Dataset, indices: Uint32Array): AskedLabels | undefined {
  if (!isConditional(config)) return undefined;
  const labels = expectSameLabels(config, dataset);
  const values = labelsOfImages(labels, indices);
  return {
    vectors: labelVectors(labels, values),
    ...(labels.kind === 'classes' && { classes: Array.from(values, (value) => labels.names[value] as string) }),
  };
}

const areSame = (a: ConditionedOn, b: Pick<Labels, 'kind' | 'names'>): boolean =>
  a.kind === b.kind && JSON.stringify(a.names) === JSON.stringify(b.names);

/** More would bury the message. */
const MOST_NAMES = 12;

function describe({ kind, names }: Pick<Labels, 'kind' | 'names'>): string {
  const rest = names.length - MOST_NAMES;
  return `${names.length} ${kind} ${names.slice(0, MOST_NAMES).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
