import { type Config, conditionedOn, isConditional } from '../config/index.ts';
import type { ImageBatch } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import { everyLabel, expectConditional, type LabelChoice } from '../train/index.ts';

/** @throws ConfigError projection_settings */
export function expectSettings({
  starts,
  steps,
  learningRate,
  featureWeight,
}: Readonly<Record<'starts' | 'steps' | 'learningRate' | 'featureWeight', number>>): void {
  const whole = [starts, steps].every((count) => Number.isInteger(count) && count >= 1);
  if (
    whole &&
    learningRate > 0 &&
    Number.isFinite(learningRate) &&
    featureWeight >= 0 &&
    Number.isFinite(featureWeight)
  )
    return;
  throw new ConfigError(
    'projection_settings',
    `a projection takes a whole number of starts and of steps from 1 on, a learning rate above 0 and a weight of features from 0 on, but received ${starts}, ${steps}, ${learningRate} and ${featureWeight}`,
  );
}

/** @throws DataError projection_images */
export function expectImages({ data, shape: [count, ...image] }: ImageBatch, drawn: Shape): void {
  if (count >= 1 && sameShape(image, drawn) && data.length === image.reduce((a, b) => a * b, count)) return;
  throw new DataError(
    'projection_images',
    `expected one or more images of ${formatShape(drawn)}, as the run draws them, but received ${formatShape([count, ...image])} with ${data.length} numbers; readImages brings files to a run's format`,
  );
}

/** The labels to try: those asked for, or every class; `undefined` alone for a run that is told none.
 *  @throws ConfigError run_unconditional, class_missing */
export function labelsOf(
  config: Config,
  asked: readonly LabelChoice[] | undefined,
): readonly (LabelChoice | undefined)[] {
  if (asked && asked.length > 0) {
    expectConditional(config);
    return asked;
  }
  if (!isConditional(config)) return [undefined];
  const on = conditionedOn(config);
  if (on.kind === 'classes') return everyLabel(on);
  throw new ConfigError(
    'class_missing',
    `an image of this run may have any of the attributes ${on.names.join(', ')}, too many combinations to try: say with --class which it has, '' for none`,
  );
}
