import type { ConfigChanges } from '../config/changes.ts';
import { isDeviceKey } from '../config/device_keys.ts';
import { isRead, leavesOf } from '../config/keys.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { recipeOf } from '../models/index.ts';

/** A key of the configuration that is another from some step on. */
export interface Change {
  /** Such as `generator.learningRate`. */
  readonly key: string;
  readonly from: unknown;
  readonly to: unknown;
}

const LATER = new Set(['data', 'steps', 'epochs']);

/** Why a run cannot go on with another value, by key or group. */
const FIXED: Readonly<Record<string, string>> = {
  recipe: "the checkpoint holds that recipe's networks",
  size: 'the networks were made for images of that size',
  channels: 'the networks were made for images of so many channels',
  latent: 'the generator was trained on such latents',
  conditionedOn: 'the networks were made for those labels',
  model: 'the checkpoint holds networks of that form',
  weights: 'it says how the weights were drawn before the first step',
  seed: 'it has decided the weights, the latents and the order of the images',
  'generator.name': "the checkpoint holds that optimiser's state",
  'discriminator.name': "the checkpoint holds that optimiser's state",
  reuseLatents: 'the checkpoint holds the latents, or does not',
  'replay.images': 'the checkpoint holds a store of so many images',
  'extractor.measures': 'the generator was trained with a representative variable for each',
  'extractor.labels': 'the generator was trained with a representative variable for each',
  'extractor.file': 'the checkpoint holds the extractor',
};

/** The keys in which two configurations differ, in the order of their names. How long, on which device and from which folder to
 *  train are no part of it: they are told apart for each stretch of training. */
export function differences(before: ConfigChanges, after: ConfigChanges): Change[] {
  const [old, present] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...old.keys(), ...present.keys()])]
    .filter(
      (key) =>
        !LATER.has(key) && !isDeviceKey(key) && JSON.stringify(old.get(key)) !== JSON.stringify(present.get(key)),
    )
    .sort()
    .map((key) => ({ key, from: old.get(key) ?? null, to: present.get(key) ?? null }));
}

/** Refuses changes that the state saved by a run does not allow.
 *  @param before the configuration that the state was saved under, of the run's recipe
 *  @param place where the old values are told, for the message @throws ConfigError change_refused */
export function expectChangeable(changes: readonly Change[], before: Config, place: string): void {
  const refusals = changes.flatMap((change) => {
    const reason =
      FIXED[change.key] ?? FIXED[change.key.split('.')[0] as string] ?? keptReason(change) ?? ownReason(change, before);
    return reason === undefined ? [] : [`  ${formatChange(change)}: ${reason}.`];
  });
  if (refusals.length === 0) return;
  throw new ConfigError(
    'change_refused',
    `these settings cannot change in a run that has begun:\n${refusals.join('\n')}\n  The first values are those of ${place}. Keep them, or start a new run.`,
  );
}

/** What begins with the run or never, and is there where its key is not 0. */
const KEPT: Readonly<Record<string, string>> = {
  'ema.halfLife': "the average of the generator's weights",
  'replay.share': 'a store of earlier generated images',
};

const keptReason = ({ key, from, to }: Change): string | undefined =>
  KEPT[key] !== undefined && (from === 0) !== (to === 0) ? `the checkpoint holds ${KEPT[key]}, or does not` : undefined;

/** Keys of a recipe's own may be read by its game alone, and change then. */
const ownReason = ({ key }: Change, before: Config): string | undefined =>
  key.startsWith('options.') && isRead(before, key, recipeOf(before).keys) ? 'the networks were made of it' : undefined;

/** A change for people: `generator.learningRate from 0.0002 to 0.00005`. */
export const formatChange = ({ key, from, to }: Change): string =>
  `${key} from ${JSON.stringify(from)} to ${JSON.stringify(to)}`;
