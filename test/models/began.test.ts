import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config } from '../../src/config/index.ts';
import type { ConfigError } from '../../src/errors.ts';
import { buildGan, resolveChanges, resolveConfig } from '../../src/models/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { summarize } from '../../src/train/index.ts';
import { assertNetworks, namesOf, parametersOf } from './shapes.ts';

/** `width` maps of every scale, from the smallest on. */
const decoder = ([smallest, ...sides]: readonly number[], width: number): string[] => [
  `linear: ${smallest}x${smallest}x${width}`,
  ...Array(3).fill(`conv3, elu: ${smallest}x${smallest}x${width}`),
  ...sides.flatMap((side) => [
    `nearest 2x, conv3, elu: ${side}x${side}x${width}`,
    ...Array(2).fill(`conv3, elu: ${side}x${side}x${width}`),
  ]),
];

const encoder = (sides: readonly number[], width: number, latent: number): string[] => [
  `conv3, elu: ${sides[0]}x${sides[0]}x${width}`,
  ...sides.flatMap((side, scale) => [
    ...(scale > 0 ? [`conv3 s2, elu: ${side}x${side}x${width * scale}`] : []),
    ...Array(2).fill(`conv3, elu: ${side}x${side}x${width * (scale + 1)}`),
  ]),
  `linear: ${latent}`,
];

for (const [size, down] of [
  [64, [64, 32, 16, 8]],
  [128, [128, 64, 32, 16, 8]],
  [28, [28, 14]],
  [96, [96, 48, 24, 12]],
] as const) {
  test(`began at ${size}x${size} is the table of the study: an autoencoder and a generator like its decoder`, () => {
    const drawn = [...decoder(down.toReversed(), 128), `conv3: ${size}x${size}x3`];
    assertNetworks(
      { recipe: 'began', size },
      {
        generator: { input: '64', layers: drawn },
        discriminator: { input: `${size}x${size}x3`, layers: [...encoder(down, 128, 64), ...drawn] },
      },
    );
  });
}

test("began at a rectangle has its smallest maps in the image's aspect", () => {
  const { generator, discriminator } = buildGan(
    resolveConfig({ recipe: 'began', size: [64, 96], model: { width: 4 } }),
  );
  assert.equal(generator.layers[0]?.outputShape, [8, 12, 4]);
  assert.equal(
    [generator.outputShape, discriminator.outputShape],
    [
      [64, 96, 3],
      [64, 96, 3],
    ],
  );
});

test('began has 17.19 million parameters: 11.69 in its encoder, 2.75 each in its decoder and its generator', () => {
  const { generator, discriminator } = parametersOf({ recipe: 'began' });
  const conv = (inputs: number, outputs: number) => 9 * inputs * outputs + outputs;
  const linear = (inputs: number, outputs: number) => (inputs + 1) * outputs;
  const scale = (inputs: number, outputs: number) =>
    conv(inputs, inputs) + conv(inputs, outputs) + conv(outputs, outputs);
  const down = conv(3, 128) + 2 * conv(128, 128) + scale(128, 256) + scale(256, 384) + scale(384, 512);
  const encoding = down + linear(8 * 8 * 512, 64);
  // The first convolution of every scale after the first also sees the first map.
  const drawing = linear(64, 8 * 8 * 128) + 9 * conv(128, 128) + 3 * conv(256, 128) + conv(128, 3);
  assert.is(encoding, 11_688_768);
  assert.is(drawing, 2_749_315);
  assert.is(generator, drawing);
  assert.is(discriminator, encoding + drawing);
  assert.is(generator + discriminator, 17_187_398);

  const { discriminator: network } = buildGan(resolveConfig({ recipe: 'began' }));
  const encoder = network.variables.filter(({ name }) => name.startsWith('discriminator.encoder.'));
  assert.is(countParameters(encoder), encoding);
  const names = network.layers.map(({ name }) => name);
  assert.equal([names[0], names[12], names[13]], ['encoder.layer1', 'encoder.layer13', 'decoder.layer1']);
  assert.is(namesOf(network.variables, /^discriminator\.(en|de)coder\./).length, network.variables.length);
});

const conv = (side: number, inputs: number, outputs: number, taps = 9) => 2 * side ** 2 * taps * inputs * outputs;

/** Operations for one image at 64x64: of the first convolution, the whole encoder, the decoder's linear layer, the whole decoder. */
function operations() {
  const first = conv(64, 3, 128);
  const down = [64, 32, 16].map((side, i) => {
    const [inputs, outputs] = [128 * (i + 1), 128 * (i + 2)] as [number, number];
    return conv(side / 2, inputs, inputs) + conv(side / 2, inputs, outputs) + conv(side / 2, outputs, outputs);
  });
  const encode = first + 2 * conv(64, 128, 128) + down.reduce((a, b) => a + b) + 2 * 64 * 8 * 8 * 512;
  const linear = 2 * 64 * 8 * 8 * 128;
  // An enlarged pixel meets 2x2 sums of taps instead of 3x3 taps.
  const up = [16, 32, 64].map((side) => conv(side, 256, 128, 4) + 2 * conv(side, 128, 128));
  const decode = linear + 3 * conv(8, 128, 128) + up.reduce((a, b) => a + b) + conv(64, 128, 3);
  return { first, encode, linear, decode };
}

test('one step of began at batch 48 takes 5.26 TFLOP, the layers that enlarge folded', () => {
  const { encode, decode } = operations();
  // Forward, input gradient and filter gradient each cost the same. The discriminator sees real and generated images; the generator
  // draws for it, then for its own update, which goes back through the discriminator without filter gradients.
  const perImage = 2 * 3 * (encode + decode) + decode + 3 * decode + 2 * (encode + decode);
  const { flopsPerStep } = summarize(resolveConfig({ recipe: 'began' }));
  assert.ok(Math.abs(flopsPerStep / (48 * perImage) - 1) < 0.005, `${flopsPerStep}, by hand ${48 * perImage}`);
  assert.ok(Math.abs(flopsPerStep / 5.26e12 - 1) < 0.005, `${flopsPerStep}`);
});

test('simultaneous, its step takes 3.94 TFLOP: every image goes through every network once, forwards and backwards', () => {
  const { first, encode, linear, decode } = operations();
  // Neither the real images nor the latents have a gradient.
  const real = 3 * (encode + decode) - first;
  const fake = 3 * (encode + decode) + 3 * decode - linear;
  // The covariance of a batch and its mean's distance from the running one; latents of that covariance.
  const descriptors = 2 * 64 * 64 * (48 + 1) + 2 * 48 * 64 * 64;
  // The 3x3 taps of the enlarging filters are summed to 4x4 for the generator and the decoder; gradients go back for the generator,
  // and for the decoder from each kind of image.
  const sums = 3 * (2 + 3) * (2 * 16 * 9 * 256 * 128);
  const { flopsPerStep } = summarize(resolveConfig({ recipe: 'began', schedule: 'simultaneous' }));
  assert.is(flopsPerStep, 48 * (real + fake) + descriptors + sums);
  assert.is(flopsPerStep, 3_942_721_003_520);
});

test('simultaneous, its values take 2.8 GB at batch 48 instead of 5.1, real and generated images one after the other', () => {
  const gigabytes = (schedule: Config['schedule']) =>
    summarize(resolveConfig({ recipe: 'began', schedule })).arenaBytes / 1e9;
  assert.is(gigabytes('simultaneous').toFixed(1), '2.8');
  assert.is(gigabytes('alternating').toFixed(1), '5.1');
});

test('a step of began is one update of each network; what would make it another is refused', () => {
  const refused = [
    { discriminatorSteps: 2 },
    { generatorSteps: 3 },
    { criticSchedule: 'guide' },
    { reuseLatents: true },
  ];
  for (const schedule of ['alternating', 'simultaneous'] as const) {
    for (const changes of refused) {
      const [key] = Object.keys(changes);
      assert.throws(
        () => resolveChanges({ recipe: 'began', schedule, ...changes }),
        ({ code, message }: ConfigError) =>
          code === 'unread_key' && message.includes(`  ${key}: it is read by dcgan, `),
      );
    }
  }
});

test('began trains with the settings of the study', () => {
  const { generator, discriminator, batch, latent, equilibrium } = resolveConfig({ recipe: 'began' });
  const adam = { name: 'adam', learningRate: 1e-4, beta1: 0.5, beta2: 0.999 };
  assert.equal([generator, discriminator], [adam, adam]);
  assert.equal([batch, latent.size], [48, 64]);
  assert.equal([equilibrium.gamma, equilibrium.lambdaK, equilibrium.carrySteps], [0.5, 1e-3, 16_000]);
});

test.run();
