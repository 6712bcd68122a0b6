import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expected, runOn } from '../../src/device/execution.ts';
import { countCost, type Device, GPUS, type LaunchCost } from '../../src/device/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import * as gannet from '../../src/ops/index.ts';
import { type Case, row } from '../../src/parity/cases/case.ts';
import { traceCase, workOf } from '../../src/parity/cases/trace.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { createModel } from '../../src/train/index.ts';
import { openKernelDevice } from '../devices.ts';
import { expectClose } from '../parity/parity.ts';

const NORMS = { batchNorm: gannet.batchNorm, layerNorm: gannet.layerNorm };
type Kind = keyof typeof NORMS;

const SHAPES: Record<Kind, readonly Shape[]> = {
  // few rows, three channels, several blocks per channel, more channels than a block is wide
  batchNorm: [
    [7, 5],
    [50, 40, 3],
    [5000, 8],
    [333, 130],
    [8, 8, 8, 64],
  ],
  // one pixel, odd sizes, one sample, several blocks per sample
  layerNorm: [
    [2, 6],
    [5, 3, 3, 5],
    [70, 2, 3],
    [1, 30, 20, 7],
    [2, 90, 50, 3],
    [4, 30, 20, 16],
  ],
};

const ACTIVATIONS = { relu: gannet.relu, leakyRelu: gannet.leakyRelu };

/** A norm as layers have it: before an activation, and a layer norm behind a bias. */
const layer = (kind: Kind, activation: keyof typeof ACTIVATIONS, shape: Shape, middle: number): Case => {
  const channels = [shape.at(-1) as number];
  return row({
    op: kind,
    detail: `[${shape}] about ${middle}, ${activation}`,
    why: 'the expressions that have kernels of their own, and the splits of long reductions',
    inputs: {
      x: { shape, low: middle - 2, high: middle + 2 },
      ...(kind === 'layerNorm' && { hidden: { shape: channels } }),
      gain: { shape: channels, low: 0.5, high: 1.5 },
      bias: { shape: channels },
    },
    build: ({ x, hidden, gain, bias }) => {
      const biased = hidden ? gannet.add(x, gannet.perChannel(hidden, shape)) : x;
      return ACTIVATIONS[activation](NORMS[kind](biased, gain, bias, 1e-5));
    },
  });
};

let device: Device;
test.before(async () => {
  device = await openKernelDevice();
});
test.after(() => device.close());

for (const kind of ['batchNorm', 'layerNorm'] as const) {
  for (const shape of SHAPES[kind]) {
    for (const middle of [0, 100]) {
      const layers = (['relu', 'leakyRelu'] as const).map((activation) => layer(kind, activation, shape, middle));
      for (const each of layers) {
        test(`${each.name}: value, gradients and their gradients`, async () => {
          const work = workOf(traceCase(each));
          // Numbers near 100 are known to 4e-6, of a deviation of 1.
          expectClose(await runOn(device, work), expected(work), middle === 0 ? 1e-4 : 2e-3);
        });
      }
    }
  }
}

/** The launches of the programs of a recipe's step that are neither products nor updates and move more than 1 MB. */
const largeLaunches = (recipe: string): LaunchCost[] =>
  createModel(resolveConfig({ recipe }))
    .match.programs.flatMap(({ trace }) => countCost(trace(), GPUS.a100, 'tf32').launches)
    .filter(({ op, bytes }) => /^(elementwise|reduce)/.test(op) && bytes > 1e6);

for (const recipe of ['dcgan', 'wgan-gp']) {
  test(`what ${recipe} does with norms and activations is compiled, but for 5 % of its bytes`, () => {
    const launches = largeLaunches(recipe);
    const bytes = (of: readonly LaunchCost[]) => of.reduce((sum, launch) => sum + launch.bytes, 0);
    const interpreted = launches.filter(({ kernel }) => /^elementwise_kernel|Interpreted/.test(kernel));
    assert.ok(
      bytes(interpreted) < 0.05 * bytes(launches),
      interpreted.map(({ op, scope }) => `${op} ${scope}`).join('\n'),
    );
  });
}

/** How many launches a step of a recipe makes for each kind of statistics by itself, and for those that products take along. */
function launchesOfStatistics(recipe: string): Record<string, number> {
  const counts: Record<string, number> = { reduceMoments: 0, reduceSums: 0, moments: 0, sums: 0 };
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const { trace } of createModel(resolveConfig({ recipe })).match.programs) {
    for (const { op, kernel } of countCost(trace(), GPUS.a100, 'tf32').launches) {
      const combines = /^combine_partials_kernel<(Moments|Sums<2>)/.exec(kernel)?.[1];
      if (op === 'reduceMoments' || op === 'reduceSums') count(op);
      else if (combines) count(combines === 'Moments' ? 'moments' : 'sums');
    }
  }
  return counts;
}

test('products take the statistics of every batch norm of a DCGAN along, but for the sums of the first layer, behind a bias', () => {
  // The discriminator's step normalises its 3 layers for two batches and the generator's 4, forwards; the generator's all once.
  assert.equal(launchesOfStatistics('dcgan'), {
    reduceMoments: 0,
    reduceSums: 2,
    moments: 3 * 3 + 2 * 4,
    sums: 3 * 3 + 3,
  });
});

test('of a critic with layer norm, whose statistics are of samples, only the generator gives its own away', () => {
  const { moments, sums } = launchesOfStatistics('wgan-gp');
  assert.equal({ moments, sums }, { moments: 2 * 4, sums: 3 });
});

test.run();
