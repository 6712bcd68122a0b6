import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Config, imageShapeOf } from '../../src/config/index.ts';
import { exportRun, importGenerator } from '../../src/export/index.ts';
import { defineRecipe, resolveConfig } from '../../src/models/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as ops from '../../src/ops/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { own } from '../models/own.ts';
import { imagesOf, madeUpRun } from './runs.ts';
import { testsOf } from './runtimes.ts';

/** A layer by a name of its own within the path that it gets. */
const named =
  (name: string, build: nn.LayerBuilder): nn.LayerBuilder =>
  (path, shape) =>
    build(`${path}.${name}`, shape);

/** Goes below a number that no value passes, and through ops on numbers alone. */
const bounded: nn.LayerBuilder = (_, shape) => ({
  name: 'bounded',
  description: 'bounded',
  inputShape: shape,
  outputShape: shape,
  variables: [],
  mixesSamples: false,
  apply: (x) => {
    const most = ops.fill(Number.POSITIVE_INFINITY, x.shape);
    const half = ops.exp(ops.fill(Math.fround(Math.log(0.5)), x.shape));
    return ops.add(ops.minimum(most, x), half);
  },
});

/** Sums along rows: the axes that it keeps lie in another order with channels first. */
const sumOfRows: nn.LayerBuilder = (_, shape) => ({
  name: 'rows',
  description: 'sum of rows',
  inputShape: shape,
  outputShape: [shape[1] as number, shape[2] as number],
  variables: [],
  mixesSamples: false,
  apply: (x) => ops.reduceSum(x, [1]),
});

const hidden = nn.block({ transform: nn.linear([12]), activation: 'leakyRelu' });

/** Layers by names that mean something to Python, to a module of PyTorch, or to tfjs. */
const odd = defineRecipe({
  name: 'odd',
  networks: (config: Config) => ({
    generator: nn.sequential(
      'generator',
      [config.latent.size],
      [
        ...['0', 'half', 'own_half', 'class', '_x', 'a b:^"\n\u00e9'].map((name) => named(name, hidden)),
        bounded,
        nn.block({ transform: nn.linear(imageShapeOf(config)), activation: 'tanh' }),
      ],
    ),
    discriminator: nn.sequential('type', imageShapeOf(config), [
      nn.block({ transform: nn.convolution({ channels: 3, kernel: 3, stride: 2 }), activation: 'relu' }),
      sumOfRows,
      nn.block({ transform: nn.linear([1]) }),
    ]),
  }),
  defaults: { size: 8, channels: 1, latent: { size: 4 } },
});

const small = { batch: 4, device: 'cpu', threads: 1, seed: 3 } as const;
for (const [recipe, config] of [
  [own, resolveConfig({ ...small, recipe: own, options: { depth: 2 } })],
  [odd, resolveConfig({ ...small, recipe: odd })],
] as const) {
  const made = madeUpRun(config);
  for (const to of ['onnx', 'tfjs', 'pytorch'] as const) {
    testsOf(to, (run) =>
      run(`${to} computes what gannet does with the networks of '${recipe.name}'`, async () => {
        for (const network of ['generator', 'discriminator'] as const) {
          const out = join(temporaryFolder(), `x${to === 'onnx' ? '.onnx' : ''}`);
          const { check } = await exportRun(await made, { to, network, recipe, out });
          assert.ok(check && 'largestError' in check, `${network}: ${JSON.stringify(check)}`);
          assert.ok(check.largestError < 2e-5, `${network}: ${check.largestError}`);
        }
      }),
    );
  }

  test(`'${recipe.name}' draws the same images, to the bit, behind an export and an import`, async () => {
    const run = await made;
    const out = join(temporaryFolder(), 'torch');
    await exportRun(run, { to: 'pytorch', recipe, out, check: false });
    const file = join(out, 'model.safetensors');
    const imported = await importGenerator(file, { recipe, out: join(temporaryFolder(), 'run') });
    assert.is(imported.recipe, recipe.name);
    assert.equal(await imagesOf(imported.folder, recipe), await imagesOf(run, recipe));
  });
}

test.run();
