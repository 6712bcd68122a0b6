import { type Began, buildGan, type Config, type Gan } from '../models/index.ts';
import { zeros } from '../nn/initializers.ts';
import { statistic } from '../nn/layer.ts';
import { createOptimizer, type Optimizer, type OptimizerConfig } from '../optim/index.ts';
import type { Variable } from '../tensor/variable.ts';
import { createWeightAverage, type WeightAverage } from './average.ts';
import { createDescriptorStatistics, type DescriptorStatistics } from './descriptors.ts';

/** Everything a training step reads and writes: the networks, their optimisers, and the random state. */
export interface TrainingModel extends Gan {
  readonly config: Config;
  readonly optimizers: { readonly generator: Optimizer; readonly discriminator: Optimizer };
  /** int32 [2]: seed and step of the counter-based generator. */
  readonly random: Variable;
  /** float32 [batch, latent]: what the last discriminator update drew; kept only if generator updates use it again. */
  readonly latents?: Variable;
  /** The average of the generator's weights that samples are drawn from; only if the configuration asks for one. */
  readonly average?: WeightAverage;
  /** What only a BEGAN has. */
  readonly equilibrium?: EquilibriumState;
}

/** What a BEGAN keeps beside weights. */
export interface EquilibriumState extends Pick<Began, 'carry'> {
  readonly autoencoder: Began['discriminator'];
  /** Scalar: how much the discriminator minds the generator. */
  readonly k: Variable;
  readonly descriptors: DescriptorStatistics;
}

/** The variables of a model by the checkpoint file they go into. */
export const variableGroups = (model: TrainingModel): Record<string, readonly Variable[]> => ({
  generator: model.generator.variables,
  discriminator: model.discriminator.variables,
  optimizer: [...model.optimizers.generator.variables, ...model.optimizers.discriminator.variables],
  ...(model.average && { average: [...model.average.pairs.map(({ average }) => average), model.average.updates] }),
  state: [
    model.random,
    ...(model.latents ? [model.latents] : []),
    ...(model.equilibrium ? equilibriumVariables(model.equilibrium) : []),
  ],
});

const equilibriumVariables = ({ carry, k, descriptors }: EquilibriumState): readonly Variable[] => [
  carry,
  k,
  descriptors.mean,
  descriptors.covariance,
  descriptors.batches,
];

/** Builds the networks of a configuration and the optimisers that train them. @throws ConfigError */
export function createModel(config: Config): TrainingModel {
  const gan = buildGan(config);
  return {
    ...gan,
    config,
    optimizers: {
      generator: createOptimizer('generator.optimizer', config.generator as OptimizerConfig, gan.generator.parameters),
      discriminator: createOptimizer(
        'discriminator.optimizer',
        config.discriminator as OptimizerConfig,
        gan.discriminator.parameters,
      ),
    },
    random: { name: 'random', shape: [2], dtype: 'int32', initializer: zeros, trainable: false },
    ...(config.reuseLatents && { latents: statistic('latents', [config.batch, config.latent.size], zeros) }),
    ...(config.ema.halfLife > 0 && { average: createWeightAverage(gan.generator) }),
    ...(isBegan(gan) && { equilibrium: createEquilibrium(gan, config) }),
  };
}

const isBegan = (gan: Gan): gan is Began => 'carry' in gan;

const createEquilibrium = ({ carry, discriminator }: Began, { latent }: Config): EquilibriumState => ({
  carry,
  autoencoder: discriminator,
  k: statistic('k', [], zeros),
  descriptors: createDescriptorStatistics(latent.size),
});
