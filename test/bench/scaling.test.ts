import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatScaling, type Scaling } from '../../src/bench/index.ts';
import { scalingSchema } from '../../src/bench/ranks/scaling.ts';
import { readyStep } from '../../src/bench/training_step.ts';
import { openDevice } from '../../src/device/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { shareOf } from '../../src/train/ranks/process_group.ts';
import { gannet } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { whyNoRanks } from '../ranks/launch.ts';
import { exampleBench } from './example.ts';

const exactly = (median: number) => ({ median, lower: median, upper: median });

const measured: Scaling = {
  machine: exampleBench.machine,
  loadBefore: 0.5,
  loadAfter: 1.5,
  seconds: 9,
  recipe: 'dcgan-digits',
  size: 32,
  rounds: 3,
  rows: [
    { processes: 1, threads: 2, batch: 64, ms: exactly(100) },
    { processes: 4, threads: 2, batch: 64, ms: exactly(32) },
  ],
  besideThreads: { ...exactly(1.5), told: true },
  strong: { ...exactly(3.1), told: true },
  weak: { ...exactly(1), told: false },
};

test('scaling is a table of times with what follows from it, and the load it was measured at', () => {
  const page = formatScaling(measured);
  assert.match(page, 'at a load of 0.5 before and 1.5 behind');
  assert.match(page, '| 1 x 2 | 64 | 100.0 (100.0 to 100.0) | 640 |');
  assert.match(page, '| 4 x 2 | 64 | 32.0 (32.0 to 32.0) | 2000 |');
  assert.match(page, 'Beside one process of 8 threads, 4 processes: 1.50 (1.50-1.50) times as fast');
  assert.match(page, 'Strong scaling, beside one process of 2 threads: 3.10 (3.10-3.10) times as fast; 4 at best');
  assert.match(page, 'Weak scaling: ~1, not told apart');
});

for (const [args, problem] of [
  [['--ranks', '3', '--recipe', 'dcgan-digits', '--batch', '64'], /64 images can be shared out evenly among/],
  [['--ranks', '2', '--device', 'simt'], /timed on the CPU/],
  [['--ranks', '2', '--precision', 'bfloat16'], /timed on the CPU/],
  [['--ranks', '2', '--recipe', 'dcgan', 'began'], /in one recipe/],
] as const) {
  test(`bench ${args.join(' ')} is refused`, async () => {
    const { exitCode, stderr } = await gannet(['bench', ...args]);
    assert.is(exitCode, 2);
    assert.match(stderr, problem);
  });
}

test('of a step that two ranks share, each takes half of the images', async () => {
  const config = resolveConfig({ recipe: 'dcgan-digits', batch: 4 });
  const device = openDevice('cpu', { threads: 1 });
  try {
    const whole = await readyStep(device, config);
    const shared = await readyStep(device, config, shareOf(config, { rank: 1, ranks: 2 }));
    const imagesOf = ({ session }: typeof whole) => session.executables[0]?.graph.feeds[0]?.shape[0];
    assert.equal([whole, shared].map(imagesOf), [4, 2]);
    await shared.take();
  } finally {
    device.close();
  }
});

const problem = whyNoRanks();
if (problem) test.skip(problem, () => {});
else {
  test('two processes and one are timed at the same step, and at twice as many images', async () => {
    const json = join(temporaryFolder(), 'scaling.json');
    const args = ['--ranks', '2', '--batch', '4', '--rounds', '3', '--json', json];
    const { exitCode, stdout, stderr } = await gannet(['bench', ...args]);
    assert.is(exitCode, 0, stderr);
    const { rows, rounds } = scalingSchema.parse(JSON.parse(readFileSync(json, 'utf8')));
    assert.is(rounds, 3);
    const threads = rows[0]?.threads as number;
    assert.equal(
      rows.map(({ ms: _, ...row }) => row),
      [
        { processes: 1, threads, batch: 4 },
        { processes: 1, threads: 2 * threads, batch: 4 },
        { processes: 2, threads, batch: 4 },
        { processes: 1, threads: 2 * threads, batch: 8 },
        { processes: 2, threads, batch: 8 },
      ],
    );
    for (const { ms } of rows) assert.ok(ms.median > 0);
    assert.match(stdout, /\| 2 x \d+ \| 8 \|/);
  });

  test('what keeps the processes from starting is told without their stack', async () => {
    process.env.GANNET_MPI = '/nowhere/gannet_mpi.so';
    try {
      const { exitCode, stderr } = await gannet(['bench', '--ranks', '2', '--batch', '4', '--rounds', '3']);
      assert.is(exitCode, 3);
      assert.match(
        stderr,
        /ended early:\n2 processes were started together, but gannet's library for MPI is not there/,
      );
      assert.not.match(stderr, / at .*worker/);
    } finally {
      delete process.env.GANNET_MPI;
    }
  });
}

test.run();
