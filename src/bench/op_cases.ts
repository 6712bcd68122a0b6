import { DIRECTIONS, type OpSpec, opWorkload } from './op_graphs.ts';
import type { Size, Workload } from './workload.ts';

/** Something that is timed, at both sizes. */
export interface BenchCase {
  /** What it belongs to, such as a layer. */
  readonly group: string;
  /** Which of its group it is. */
  readonly name: string;
  readonly kind: 'op' | 'step';
  /** Whether `--quick` keeps it. */
  readonly quick: boolean;
  /** @param batch images per run at the published size, in place of the case's own */
  workload(size: Size, batch?: number): Workload;
}

/** What a case is called: `dcgan conv5 s2 128->256 at 32 forward`. */
export const fullName = ({ group, name }: Pick<BenchCase, 'group' | 'name'>): string => `${group} ${name}`;

/** What becomes of an op at a size. */
interface Scale {
  readonly batch: number;
  /** Of the published number of channels, where they are multiplied with one another. */
  channels(published: number): number;
}

/** An eighth of the channels (an image keeps its own), and one image. */
const SMALL: Scale = { batch: 1, channels: (published) => (published > 3 ? published / 8 : published) };

const opCase = (
  [group, name]: readonly [string, string],
  batch: number,
  spec: (scale: Scale) => OpSpec,
  quick = false,
): BenchCase => ({
  group,
  name,
  kind: 'op',
  quick,
  workload: (size, chosen = batch) =>
    opWorkload(spec(size === 'small' ? SMALL : { batch: chosen, channels: (published) => published })),
});

const DIRECTION_NAMES = {
  forward: 'forward',
  inputGradient: 'input gradient',
  filterGradient: 'filter gradient',
} as const;

/** A convolution: kernel, stride, height and width of the input, its channels, the output's. */
type ConvLayer = readonly [kernel: number, stride: number, size: number, inputs: number, outputs: number];

const DCGAN_BATCH = 32;
const WGAN_BATCH = 16;
const BEGAN_BATCH = 8;

/** The discriminator's layers; the generator's are their transposes, so that the same six directions occur. */
const DCGAN_LAYERS: readonly ConvLayer[] = [
  [5, 2, 64, 3, 128],
  [5, 2, 32, 128, 256],
  [5, 2, 16, 256, 512],
  [5, 2, 8, 512, 1024],
  [4, 2, 32, 128, 256],
  [3, 2, 32, 128, 256],
];

/** Each kind of layer in encoder and decoder. */
const BEGAN_LAYERS: readonly ConvLayer[] = [
  [3, 1, 64, 128, 128],
  [3, 2, 64, 128, 128],
  [3, 1, 32, 256, 256],
  [3, 1, 16, 384, 384],
  [3, 1, 8, 512, 512],
  [3, 1, 64, 256, 128],
  [3, 1, 64, 128, 3],
];

/** The layers that stand for all in a quick run. */
const QUICK_LAYERS = [DCGAN_LAYERS[1], BEGAN_LAYERS[2]];

const convCases = (network: string, batch: number, layers: readonly ConvLayer[]): BenchCase[] =>
  layers.flatMap((layer) => {
    const [kernel, stride, size, inputs, outputs] = layer;
    const group = `${network} conv${kernel}${stride > 1 ? ` s${stride}` : ''} ${inputs}->${outputs} at ${size}`;
    return DIRECTIONS.map((direction) =>
      opCase(
        [group, DIRECTION_NAMES[direction]],
        batch,
        ({ batch, channels }) => ({
          op: 'conv',
          batch,
          size,
          inputs: channels(inputs),
          outputs: channels(outputs),
          kernel,
          stride,
          direction,
        }),
        QUICK_LAYERS.includes(layer),
      ),
    );
  });

const linearCases = (network: string, batch: number, inputs: number, outputs: number): BenchCase[] =>
  DIRECTIONS.map((direction) =>
    opCase([`${network} linear ${inputs}->${outputs}`, DIRECTION_NAMES[direction]], batch, ({ batch, channels }) => ({
      op: 'linear',
      batch,
      inputs: channels(inputs),
      outputs: channels(outputs),
      direction,
    })),
  );

const CRITIC_PASSES = {
  forward: 'forward',
  inputGradient: 'slope',
  penaltyGradient: "penalty's gradients",
} as const;

const criticCases = Object.entries(CRITIC_PASSES).map(([direction, pass]) =>
  opCase(
    ['wgan-gp critic', pass],
    WGAN_BATCH,
    ({ batch, channels }): OpSpec => ({
      op: 'critic',
      batch,
      width: channels(128),
      direction: direction as keyof typeof CRITIC_PASSES,
    }),
  ),
);

const normCases = (['batch', 'layer'] as const).flatMap((norm) =>
  [false, true].map((backward) =>
    opCase(
      [`${norm} norm`, backward ? 'forward and backward' : 'forward'],
      DCGAN_BATCH,
      ({ batch }) => ({ op: 'norm', norm, backward, shape: [batch, 16, 16, 256] }),
      backward,
    ),
  ),
);

const POINTWISE = {
  biasLeakyRelu: { name: 'bias, leaky ReLU', size: 32, channels: 128, batch: DCGAN_BATCH },
  biasEluResidual: { name: 'bias, ELU, residual', size: 64, channels: 128, batch: BEGAN_BATCH },
  mix: { name: 'mixing images', size: 64, channels: 3, batch: WGAN_BATCH },
} as const;

const pointwiseCases = Object.entries(POINTWISE).map(([fn, { name, size, channels, batch }]) =>
  opCase(
    ['elementwise', name],
    batch,
    ({ batch }): OpSpec => ({
      op: 'pointwise',
      fn: fn as keyof typeof POINTWISE,
      shape: [batch, size, size, channels],
    }),
    fn === 'biasLeakyRelu',
  ),
);

/** The largest filter of the DCGAN. */
const adamCase = opCase(
  ['elementwise', 'Adam update'],
  DCGAN_BATCH,
  ({ channels }) => ({ op: 'adam', shape: [channels(1024), 5, 5, channels(512)] }),
  true,
);

/** The layers of the networks, and everything between them that takes time. */
export const opCases: readonly BenchCase[] = [
  ...convCases('dcgan', DCGAN_BATCH, DCGAN_LAYERS),
  ...linearCases('dcgan', DCGAN_BATCH, 128, 16_384),
  ...criticCases,
  ...convCases('began', BEGAN_BATCH, BEGAN_LAYERS),
  ...linearCases('began', BEGAN_BATCH, 32_768, 64),
  ...normCases,
  ...pointwiseCases,
  adamCase,
];
