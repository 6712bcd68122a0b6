import { imageShapeOf } from '../config/image_size.ts';
import { uses } from '../config/keys.ts';
import type { Config } from '../config/schema.ts';
import { type Autoencoder, type Began, equilibrium } from '../games/index.ts';
import {
  type Activation,
  block,
  constant,
  convolution,
  enlargedConvolution,
  type Layer,
  type LayerBuilder,
  linear,
  type Network,
  networkOf,
  type Pass,
} from '../nn/index.ts';
import { statistic } from '../nn/layer.ts';
import { add, broadcastScalar, concat, mul, sub, upsampleNearest } from '../ops/index.ts';
import { scoped } from '../tensor/scope.ts';
import { type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read } from '../tensor/trace.ts';
import type { Initializer, Variable } from '../tensor/variable.ts';
import { baseDefaults, halvingSizes, halvings, modelKeys, type Recipe, weightInitializer } from './recipe.ts';

/** The smallest maps of a BEGAN, at its bottleneck: 8x8, or up to 14x14 for squares that do not halve to them; 8x12 for an image of 64x96. */
function bottleneck([height, width]: Shape): { readonly doublings: number; readonly maps: readonly number[] } {
  const { count, maps } = halvings([height as number, width as number]);
  return { doublings: count - 1, maps: maps.map((side) => 2 * side) };
}

/** The boundary equilibrium GAN of the study: an autoencoder as discriminator, and a generator built like its decoder.
 *  @see arXiv:1703.10717 */
export function buildBegan(config: Config): Began {
  const { latent, weights, equilibrium: settings } = config;
  const { width } = config.model;
  const carry = statistic('carry', [], constant(settings.carrySteps > 0 ? 1 : 0));
  const parts = new Parts(width, weightInitializer(weights), carry);
  const image = imageShapeOf(config);
  const encoder = parts.encoder('discriminator.encoder', image, latent.size);
  const decoder = parts.decoder('discriminator.decoder', image, latent.size, settings.outputActivation);
  const generator = parts.decoder('generator', image, latent.size, settings.outputActivation);
  return { generator, discriminator: autoencoder(encoder, decoder), carry };
}

function autoencoder(encoder: Network, decoder: Network): Autoencoder {
  const encode = encoder.apply;
  const decode = decoder.apply;
  const whole = networkOf({
    name: 'discriminator',
    layers: [...withinPart('encoder', encoder), ...withinPart('decoder', decoder)],
    inputShape: encoder.inputShape,
    outputShape: decoder.outputShape,
    apply: (x, pass) => decode(encode(x, pass), pass),
  });
  return { ...whole, encode, decode };
}

/** The layers of one half, named after it as well. */
const withinPart = (part: string, { layers }: Network): Layer[] =>
  layers.map((layer) => ({ ...layer, name: `${part}.${layer.name}` }));

/** Builds encoder and decoder of one width. */
class Parts {
  constructor(
    private readonly width: number,
    private readonly weights: Initializer,
    private readonly carry: Variable,
  ) {}

  /** Three convolutions at the image's size, then per halving: one of stride 2 and two that widen. A linear layer at the end. */
  encoder(name: string, image: Shape, latent: number): Network {
    const scales = bottleneck(image).doublings + 1;
    const chain = new Chain(name, image);
    chain.add(this.conv(this.width));
    for (let scale = 1; scale <= scales; scale++) {
      const channels = this.width * scale;
      for (let i = 0; i < 2; i++) chain.add(this.conv(channels), this.residual);
      if (scale < scales) chain.add(this.conv(channels, 2));
    }
    chain.add(block({ weights: this.weights, transform: linear([latent]) }));
    return chain.network();
  }

  /** A linear layer to the smallest maps, then per doubling: three convolutions, the first of which doubles its input and the smallest maps enlarged
   *  to the same size. */
  decoder(name: string, image: Shape, latent: number, outputActivation: Activation): Network {
    const channels = image[2] as number;
    const { doublings, maps } = bottleneck(image);
    const chain = new Chain(name, [latent]);
    chain.add(block({ weights: this.weights, transform: linear([...maps, this.width]) }));
    for (let i = 0; i < 3; i++) chain.add(this.conv(this.width), this.residual);
    for (let doubling = 1; doubling <= doublings; doubling++) {
      chain.concatFirst(2 ** (doubling - 1));
      chain.add(this.doublingConv());
      for (let i = 0; i < 2; i++) chain.add(this.conv(this.width), this.residual);
    }
    chain.add(
      block({ weights: this.weights, transform: convolution({ channels, kernel: 3 }), activation: outputActivation }),
    );
    return chain.network();
  }

  private conv(channels: number, stride = 1): LayerBuilder {
    return block({ weights: this.weights, transform: convolution({ channels, kernel: 3, stride }), activation: 'elu' });
  }

  private doublingConv(): LayerBuilder {
    const transform = enlargedConvolution({ channels: this.width, kernel: 3, scale: 2 });
    return block({ weights: this.weights, transform, activation: 'elu' });
  }

  /** out = carry in + (1 - carry) layer(in), where the shapes allow. */
  private readonly residual: Wrapper = (layer) => {
    if (!sameShape(layer.inputShape, layer.outputShape)) return layer.apply;
    return (x, pass) => {
      const carry = broadcastScalar(read(this.carry), x.shape);
      return add(mul(carry, x), mul(sub(1, carry), layer.apply(x, pass)));
    };
  };
}

type Apply = Layer['apply'];
type Wrapper = (layer: Layer) => Apply;

/** Layers one after another, with skip connections from the output of the first. */
class Chain {
  private readonly layers: Layer[] = [];
  private readonly steps: ((h: Tensor, first: Tensor, pass: Pass) => Tensor)[] = [];
  private shape: Shape;

  constructor(
    private readonly name: string,
    private readonly inputShape: Shape,
  ) {
    this.shape = inputShape;
  }

  add(build: LayerBuilder, wrap: Wrapper = ({ apply }) => apply): void {
    const layer = build(`${this.name}.layer${this.layers.length + 1}`, this.shape);
    const apply = wrap(layer);
    this.layers.push(layer);
    this.steps.push((h, _, pass) => apply(h, pass));
    this.shape = layer.outputShape;
  }

  /** Appends the first layer's maps, enlarged `scale` times. */
  concatFirst(scale: number): void {
    const [height, width, channels] = this.shape as [number, number, number];
    const extra = this.layers[0]?.outputShape[2] as number;
    this.shape = [height, width, channels + extra];
    this.steps.push((h, first) => concat([h, upsampleNearest(first, scale)], 3));
  }

  network(): Network {
    const { name, layers, steps, inputShape, shape } = this;
    const apply: Apply = (x, pass) =>
      scoped(name, () => {
        const [head, ...rest] = steps as [(typeof steps)[number], ...typeof steps];
        const first = head(x, x, pass);
        return rest.reduce((h, step) => step(h, first, pass), first);
      });
    return networkOf({ name, layers, inputShape, outputShape: shape, apply });
  }
}

/** The study's BEGAN: 64x64 or 128x128, width 128; 17.19 M parameters at 64x64. @see arXiv:1703.10717 */
export const began: Recipe<Began> = {
  name: 'began',
  summary: 'boundary equilibrium GAN: an autoencoder as discriminator, latents from its own descriptors',
  keys: [...modelKeys('width'), ...uses(['equilibrium.carrySteps', 'equilibrium.outputActivation'])],
  game: equilibrium,
  sizes: halvingSizes,
  build: buildBegan,
  defaults: {
    ...baseDefaults,
    recipe: 'began',
    weights: 'glorot',
    latent: { size: 64, distribution: 'descriptors' },
    loss: 'equilibrium',
    generator: { name: 'adam', learningRate: 1e-4, beta1: 0.5, beta2: 0.999 },
    discriminator: { name: 'adam', learningRate: 1e-4, beta1: 0.5, beta2: 0.999 },
    learningRateDecay: { kind: 'plateau', factor: 0.5, every: 10_000, floor: 2e-5 },
    batch: 48,
    steps: 200_000,
  },
};
