import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConfigChanges, mergeChanges } from '../../src/config/index.ts';
import { listCheckpoints } from '../../src/train/index.ts';
import { tinyTraining } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { tinyData } from '../train/tiny.ts';
import { freePort, type Launched, launch, launchRank, MAIN, type Outcome, whyNoRanks } from './launch.ts';
import { lossesApart, weightsApart } from './same_training.ts';

// Ranks that each use a simulated GPU, and the simulator's stand-in for NCCL.

const GPUS = { GANNET_SIMT_GPUS: '2' };
const TRAININGS = 'test/ranks/trainings_child.ts';

const tiny = (changes: ConfigChanges): ConfigChanges =>
  mergeChanges(
    {
      ...{ recipe: 'dcgan-digits', data: tinyData(), size: 16, channels: 1, batch: 4, device: 'simt' },
      ...{ latent: { size: 4 }, model: { width: 2 }, generator: { name: 'sgd' }, discriminator: { name: 'sgd' } },
      ...{ steps: 3, logEvery: 2, sampleEvery: 3, sampleCount: 4, checkpointEvery: 3 },
    },
    changes,
  );

const CASES: Record<string, ConfigChanges> = {
  'batch norm over the whole batch': tiny({}),
  'one update after the other in a program': tiny({ recipe: 'began' }),
  'both updates at once': tiny({ recipe: 'began', schedule: 'simultaneous' }),
  'two parts of a batch': tiny({ accumulation: 2 }),
};

/** Names the file with the trainings, one of each case, which leave their runs in `folder`. */
function listOf(folder: string): string {
  const list = join(temporaryFolder(), 'trainings.json');
  writeFileSync(
    list,
    JSON.stringify(Object.entries(CASES).map(([name, changes]) => ({ changes, out: join(folder, name) }))),
  );
  return list;
}

type Options = Parameters<typeof launchRank>[3];

/** Starts a file on two ranks that meet by TCP. */
async function launchTwo(
  file: string,
  args: readonly string[],
  options: Options = {},
  second: Options = {},
): Promise<Launched[]> {
  const port = await freePort();
  return [0, 1].map((rank) => {
    const { environment, ...rest } = { ...options, ...(rank === 1 && second) };
    return launchRank({ rank, ranks: 2, port }, file, args, { ...rest, environment: { ...GPUS, ...environment } });
  });
}

const ended = (launched: readonly Launched[]): Promise<Outcome[]> => Promise.all(launched.map(({ ended }) => ended));

const training = (...args: string[]): string[] => [
  ...tinyTraining('--out', join(temporaryFolder(), 'run'), '--batch', '4', '--steps', '2', '--device', 'simt', ...args),
];

/** What the first rank says that refuses to train. */
async function refusal(options: Options, second?: Options): Promise<string> {
  const all = await ended(await launchTwo(MAIN, training(), options, second));
  for (const { code } of all) assert.is.not(code, 0);
  return all.map(({ stderr }) => stderr).join('\n');
}

const folder = temporaryFolder();

test('one rank and two are trained', async () => {
  const alone = await launch(1, TRAININGS, [listOf(join(folder, '1'))], { longestSeconds: 400 }).ended;
  assert.is(alone.code, 0, alone.stderr);
  for (const { code, stderr } of await ended(
    await launchTwo(TRAININGS, [listOf(join(folder, '2'))], { longestSeconds: 400 }),
  ))
    assert.is(code, 0, stderr);
});

for (const name of Object.keys(CASES)) {
  test(`${name}: two ranks have the losses and weights of one`, async () => {
    const [one, two] = [join(folder, '1', name), join(folder, '2', name)];
    assert.ok((await weightsApart(one, two)) < 1e-5, 'weights');
    assert.ok(lossesApart(one, two) < 1e-5, 'losses');
  });
}

test('a machine with fewer GPUs than ranks is refused', async () => {
  assert.match(
    await refusal({ environment: { GANNET_SIMT_GPUS: '1' } }),
    /number 1 of those on its machine, counted from 0, and needs a GPU of its own, but the CUDA driver shows 1/,
  );
});

test('a missing NCCL is named, and how to install it', async () => {
  const said = await refusal({ environment: { GANNET_NCCL: '/nowhere/libnccl.so.2' } });
  assert.match(said, /NCCL cannot be loaded \(\/nowhere\/libnccl\.so\.2/);
  assert.match(said, "install NVIDIA's libnccl2");
});

test('an old NCCL is refused with its version', async () => {
  assert.match(
    await refusal({ environment: { GANNET_SIMT_NCCL_VERSION: '2804' } }),
    /is NCCL 2\.8\.4\. Several GPUs train together/,
  );
});

test('a library that is no NCCL is refused', async () => {
  assert.match(
    await refusal({ environment: { GANNET_NCCL: 'libm.so.6' } }),
    'libm.so.6 has no function ncclGetVersion',
  );
});

test('a sum that fails ends every rank with what NCCL says', async () => {
  assert.match(
    await refusal({}, { environment: { GANNET_SIMT_NCCL_FAULT: '12' } }),
    /rank 1 of 2 \(.+\): a sum over ranks: unhandled system error/,
  );
});

test('ranks with different devices are refused', async () => {
  const port = await freePort();
  const launched = ['simt', 'cuda'].map((device, rank) =>
    launchRank({ rank, ranks: 2, port }, 'test/ranks/device_child.ts', [device], { environment: GPUS }),
  );
  const said = (await ended(launched)).map(({ stderr }) => stderr).join('\n');
  assert.match(said, 'rank 0 of 2 uses simt, and rank 1 uses cuda');
});

test('a rank that dies in the middle of a training is named', async () => {
  const endless = ['--steps', '1000000', '--set', 'checkpointEvery=2', '--json'];
  const [first, second] = (await launchTwo(MAIN, training(...endless), { patienceSeconds: 60 })) as [
    Launched,
    Launched,
  ];
  await saved(first);
  kill(second.pid, 'SIGKILL');
  const { code, stderr } = await first.ended;
  assert.is.not(code, 0);
  assert.match(stderr, /rank 0 of 2 \(.+\) has lost rank 1 of 2 \(.+\): its process has ended/);
  assert.match(
    stderr,
    /The last good checkpoint is that of step \d+\. Go on from it: gannet resume \S+run on all ranks/,
  );
});

test('a rank that hangs in the middle of a training is named', async () => {
  const endless = ['--steps', '1000000', '--set', 'checkpointEvery=2', '--json'];
  const [first, second] = (await launchTwo(MAIN, training(...endless), { patienceSeconds: 8 })) as [Launched, Launched];
  await saved(first);
  kill(second.pid, 'SIGSTOP');
  const { stderr } = await first.ended;
  kill(second.pid, 'SIGKILL');
  assert.match(stderr, /rank 0 of 2 \(.+\) has heard nothing of rank 1 of 2 \(.+\) for 8 s: it has died or hangs/);
});

const problem = whyNoRanks();
if (problem) test.skip(problem, () => {});
else {
  test('MPI tells the ranks of NCCL of one another too', async () => {
    const run = join(temporaryFolder(), 'run');
    const args = tinyTraining('--out', run, '--batch', '4', '--steps', '2', '--device', 'simt');
    const { code, stderr } = await launch(2, MAIN, args, { environment: GPUS }).ended;
    assert.is(code, 0, stderr);
    assert.is((await listCheckpoints(run)).at(-1)?.step, 2);
  });
}

test.run();

/** Resolves once a training has saved a checkpoint. */
async function saved({ output, ended }: Launched): Promise<void> {
  let look: NodeJS.Timeout | undefined;
  const reached = new Promise<void>((resolve, reject) => {
    look = setInterval(() => output().includes('"type":"checkpoint"') && resolve(), 20);
    ended.then(({ stderr }) => reject(new Error(`it ended by itself: ${stderr}`)), reject);
  });
  await reached.finally(() => clearInterval(look));
}
