import { conditionedOn, isConditional } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { isAutoencoder } from '../games/equilibrium.ts';
import { didYouMean } from '../suggest.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { feed, type Graph, trace } from '../tensor/trace.ts';
import type { TrainingModel } from '../train/index.ts';
import { sampleProgram } from '../train/sampling.ts';

/** The networks that recipes have between them. */
export const EXPORTED_NETWORKS = ['generator', 'discriminator', 'critic', 'encoder', 'autoencoder'] as const;
/** One of EXPORTED_NETWORKS. */
export type NetworkName = (typeof EXPORTED_NETWORKS)[number];

/** A network of a run that can be exported. */
export interface ExportableNetwork {
  readonly name: NetworkName;
  /** What it takes, beside the `labels` of a conditional run. */
  readonly input: 'latents' | 'images';
  /** What it gives: `images`, `logits` of a discriminator, `scores` of a critic, `descriptors` of an encoder, or `reconstructions`. */
  readonly output: string;
  /** The network as it is used behind training, for a batch. */
  trace(batch: number): Graph;
}

/** The networks of a model by name, the generator first. */
export function networksOf(model: TrainingModel): readonly ExportableNetwork[] {
  const { discriminator, config } = model;
  const generator: ExportableNetwork = {
    name: 'generator',
    input: 'latents',
    output: 'images',
    trace: (batch) => sampleProgram(model, batch),
  };
  const ofImages = (
    name: NetworkName,
    output: string,
    apply: (images: Tensor, labels: { readonly labels?: Tensor }) => Tensor,
  ): ExportableNetwork => ({
    name,
    input: 'images',
    output,
    trace: (batch) =>
      trace(name, () => {
        const labels = isConditional(config)
          ? { labels: feed('labels', [batch, conditionedOn(config).names.length]) }
          : {};
        return { [output]: apply(feed('images', [batch, ...discriminator.inputShape]), labels) };
      }),
  });
  if (isAutoencoder(discriminator)) {
    return [
      generator,
      ofImages('encoder', 'descriptors', (images) => discriminator.encode(images, { training: false })),
      ofImages('autoencoder', 'reconstructions', (images) => discriminator.apply(images, { training: false })),
    ];
  }
  const [name, output] = config.loss === 'wasserstein' ? (['critic', 'scores'] as const) : VERDICT;
  return [
    generator,
    ofImages(name, output, (images, labels) => discriminator.apply(images, { training: false, ...labels })),
  ];
}

const VERDICT = ['discriminator', 'logits'] as const;

/** The network of a name. @throws ConfigError export_network, with those that the run has */
export function findNetwork(model: TrainingModel, name: string): ExportableNetwork {
  const networks = networksOf(model);
  const found = networks.find((network) => network.name === name);
  if (found) return found;
  const known = networks.map((network) => network.name);
  throw new ConfigError(
    'export_network',
    `--network: a run of recipe '${model.config.recipe}' has no ${name}.${didYouMean(name, known)} It has ${known.join(', ')}.`,
  );
}
