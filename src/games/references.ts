import { conditionedOn, isConditional } from '../config/conditioning.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { zeros } from '../nn/initializers.ts';
import { type Pass, type ReferenceMoments, statistic } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';
import { measureReference } from '../nn/reference.ts';
import { concat, slice } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { feed, read } from '../tensor/trace.ts';
import type { Initializer, Variable } from '../tensor/variable.ts';
import type { Gan } from './game.ts';
import { drawLatents, drawWithRepresentatives } from './latents.ts';
import type { Player } from './players.ts';

/** The reference batches of virtual batch norm, fixed when a run begins. */
export interface References {
  /** For the network of a player that has such a norm: latents [R, latent] of the generator, images [R,H,W,C] of the discriminator. */
  readonly inputs: Readonly<Partial<Record<Player, Variable>>>;
  /** Of these images, [R, labels]; only of conditional networks. The generator is to draw the same from these latents, unless its reference
   *  is told the labels of the current batch. */
  readonly labels?: Variable;
  /** The moments of a player's reference batch by its network's weights as they are, measured once for all passes that a trace makes with
   *  them; undefined if the network needs none. */
  momentsOf(player: Player, pass: Omit<Pass, 'training'>): ReferenceMoments | undefined;
}

/** The reference batches that networks need, not yet filled with images; undefined if they need none.
 *  @throws ConfigError reference_sizes */
export function createReferences(networks: Gan, config: Config): References | undefined {
  const { generator, discriminator } = networks;
  const sizes = [...sizesIn(generator), ...sizesIn(discriminator)];
  const [size] = sizes;
  if (size === undefined) return undefined;
  expectOneSize(sizes);
  const ofGenerator = statistic('reference.latents', [size, ...generator.inputShape], latentsOf(config));
  const ofDiscriminator = statistic('reference.images', [size, ...discriminator.inputShape], zeros);
  const inputs = {
    ...(sizesIn(generator).length > 0 && { generator: ofGenerator }),
    ...(sizesIn(discriminator).length > 0 && { discriminator: ofDiscriminator }),
  };
  const labels = isConditional(config)
    ? statistic('reference.labels', [size, conditionedOn(config).names.length], zeros)
    : undefined;
  // By the first weight of a network as it was when its reference was measured: an update gives it another value.
  const known = new WeakMap<Tensor, ReferenceMoments>();
  return {
    inputs,
    ...(labels && { labels }),
    momentsOf(player, pass) {
      const { [player]: batch } = inputs;
      const [weight] = networks[player].parameters;
      if (!batch || !weight) return undefined;
      const weights = read(weight);
      const told = labels && { labels: followsBatch(config, player) ? labelsOfBatch(config, size) : read(labels) };
      const moments = known.get(weights) ?? measureReference(networks[player], read(batch), { ...pass, ...told });
      known.set(weights, moments);
      return moments;
    },
  };
}

/** Whether a player's reference batch is told the labels of the current batch. A real image keeps its own. */
const followsBatch = ({ model }: Config, player: Player): boolean =>
  player === 'generator' && model.referenceLabels === 'batch';

/** Of `size` samples, [size, labels]: those of the batch of real images, from the first on again where it has fewer. */
function labelsOfBatch(config: Config, size: number): Tensor {
  const { batch } = config;
  const width = conditionedOn(config).names.length;
  const labels = feed('labels', [batch, width]);
  return slice(concat(Array(Math.ceil(size / batch)).fill(labels), 0), [0, 0], [size, width]);
}

const sizesIn = ({ layers }: Network): number[] =>
  layers.flatMap(({ referenceBatch }) => (referenceBatch === undefined ? [] : [referenceBatch]));

function expectOneSize(sizes: readonly number[]): void {
  const distinct = [...new Set(sizes)];
  if (distinct.length === 1) return;
  throw new ConfigError(
    'reference_sizes',
    `virtual batch norm: the layers of both networks share one reference batch, but ask for ${distinct.join(' and ')} images. Give all of them the same referenceBatch, such as config.model.referenceBatch.`,
  );
}

/** Latents [R,latent] as training draws them; behind the noise stand representative variables where a generator takes some. */
const latentsOf =
  ({ latent }: Config): Initializer =>
  ([count, width], random) => {
    const representatives = (width as number) - latent.size;
    return representatives > 0
      ? drawWithRepresentatives(latent, count as number, representatives, random)
      : drawLatents(latent, count as number, random);
  };

/** What references keep between steps. */
export const variablesOfReferences = ({ inputs, labels }: References): Variable[] => [
  ...Object.values(inputs),
  ...(labels ? [labels] : []),
];
