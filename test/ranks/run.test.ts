import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { listCheckpoints, loadCheckpoint, readMetrics } from '../../src/train/index.ts';
import { gannet, tinyTraining } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { STARTER } from '../starter.ts';
import { tinyData } from '../train/tiny.ts';
import { type Launched, launch, MAIN, type Outcome, ranksOf, whyNoRanks } from './launch.ts';

const alone = suite('a process among several, without MPI');

alone('is told how to build the library for MPI', async () => {
  const environment = { OMPI_COMM_WORLD_SIZE: '2', GANNET_MPI: '/nowhere/gannet_mpi.so' };
  const { exitCode, stderr } = await gannet(tinyTraining('--out', join(temporaryFolder(), 'run')), { environment });
  assert.is(exitCode, 3);
  assert.match(stderr, '2 processes were started together');
  assert.match(stderr, 'npx gannet build --mpi');
  assert.match(stderr, 'To train on this process alone: `env -u OMPI_COMM_WORLD_SIZE');
});
alone.run();

const problem = whyNoRanks();
const test = suite('a run of several ranks');

/** Long enough for a signal to meet a training that goes on. */
const ENDLESS = ['--steps', '1000000'];

const plain = ['--set', 'generator.name=sgd', '--set', 'discriminator.name=sgd'];

const newRun = (): string => join(temporaryFolder(), 'run');

async function succeeds(ranks: number, args: readonly string[]): Promise<void> {
  const { code, stderr } = await launch(ranks, MAIN, args).ended;
  assert.is(code, 0, stderr);
}

/** Resolves once a run has saved a checkpoint of that step or a later one. */
async function saved(training: Launched, step: number): Promise<void> {
  let look: NodeJS.Timeout | undefined;
  const reached = new Promise<void>((resolve, reject) => {
    look = setInterval(() => {
      const steps = [...training.output().matchAll(/"type":"checkpoint","step":(\d+)/g)].map(([, at]) => Number(at));
      if (steps.some((at) => at >= step)) resolve();
    }, 20);
    training.ended.then(({ stderr }) => reject(new Error(`it ended by itself: ${stderr}`)), reject);
  });
  await reached.finally(() => clearInterval(look));
}

/** Trains on two ranks, of which rank 1 can read the images of four steps. */
function trainUnreadable(changes: ConfigChanges): Promise<Outcome> {
  const out = newRun();
  const list = join(temporaryFolder(), 'trainings.json');
  const tiny = { size: 16, channels: 1, batch: 8, latent: { size: 4 }, model: { width: 2 }, device: 'cpu', threads: 1 };
  const often = { logEvery: 1, sampleEvery: 1000, sampleCount: 4, checkpointEvery: 4 };
  const training = { recipe: 'dcgan-digits', data: tinyData(), ...tiny, ...often, ...changes };
  writeFileSync(list, JSON.stringify([{ changes: training, out, unreadable: { rank: 1, reads: 16 } }]));
  return launch(2, 'test/ranks/trainings_child.ts', [list], { patienceSeconds: 10 }).ended;
}

async function generatorOf(run: string): Promise<Record<string, number[]>> {
  const { files } = await loadCheckpoint(run);
  const file = files.get('generator');
  assert.ok(file);
  const names = [...file.tensors.keys()];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, Array.from(await file.read(name))] as const)),
  );
}

/** The losses of both networks at each step that was measured. */
const lossesOf = async (run: string): Promise<Record<string, number[]>> =>
  Object.fromEntries(
    (await readMetrics(run))
      .filter(({ values }) => values.generatorLoss !== undefined)
      .map(({ step, values }) => [`step ${step}`, [values.generatorLoss, values.discriminatorLoss] as number[]]),
  );

function expectNear(a: Record<string, number[]>, b: Record<string, number[]>): void {
  assert.equal(Object.keys(a), Object.keys(b));
  for (const [name, values] of Object.entries(a)) {
    for (const [i, value] of values.entries()) {
      const other = b[name]?.[i] as number;
      assert.ok(Math.abs(value - other) < 1e-5, `${name}: ${value} and ${other}`);
    }
  }
}

if (problem) test.skip(problem, () => {});
else {
  test('is taken up by another number of ranks, and ends with the weights of an unbroken one', async () => {
    const [whole, shared] = [newRun(), newRun()];
    const rates = ['--set', 'generator.learningRate=0.05', '--set', 'discriminator.learningRate=0.05'];
    await succeeds(1, tinyTraining('--out', whole, '--steps', '12', ...plain, ...rates));
    await succeeds(2, tinyTraining('--out', shared, '--steps', '4', ...plain, ...rates));
    await succeeds(4, ['resume', shared, '--steps', '8']);
    await succeeds(1, ['resume', shared, '--steps', '12']);
    const { sittings } = JSON.parse(readFileSync(join(shared, 'environment.json'), 'utf8'));
    assert.equal(
      sittings.map(({ details }: { details: { ranks?: string } }) => details.ranks),
      ['2', '4', undefined],
    );
    assert.match(readFileSync(join(shared, 'log.txt'), 'utf8'), 'ranks 4 instead of 2');
    expectNear(await lossesOf(whole), await lossesOf(shared));
    expectNear(await generatorOf(whole), await generatorOf(shared));
  });

  test('refuses a batch that cannot be shared out evenly', async () => {
    const { code, stderr } = await launch(2, MAIN, tinyTraining('--out', newRun(), '--batch', '7')).ended;
    assert.is.not(code, 0);
    assert.match(stderr, 'batch: 7 images cannot be shared out evenly among 2 processes');
  });

  test('is rehearsed by all ranks, and rank 0 alone prints the plan', async () => {
    const { code, stdout, stderr } = await launch(2, MAIN, tinyTraining('--out', newRun(), '--dry-run')).ended;
    assert.is(code, 0, stderr);
    assert.is(stdout.match(/Everything is ready; nothing was trained or written/g)?.length, 1);
    const refused = await launch(2, MAIN, tinyTraining('--out', newRun(), '--dry-run', '--batch', '7')).ended;
    assert.is.not(refused.code, 0);
    assert.match(refused.stderr, 'batch: 7 images cannot be shared out evenly among 2 processes');
  });

  test('goes on from an earlier step, and says once which checkpoints that leaves behind', async () => {
    const run = newRun();
    await succeeds(2, tinyTraining('--out', run, '--steps', '8'));
    const { code, stderr } = await launch(2, MAIN, ['resume', run, '--step', '4', '--steps', '6']).ended;
    assert.is(code, 0, stderr);
    assert.is(stderr.match(/Going on from step 4\. The checkpoints of later steps/g)?.length, 1);
    assert.is((await listCheckpoints(run)).at(-1)?.step, 6);
  });

  test('refuses a rank with other settings, and names it', async () => {
    const run = newRun();
    const other = [
      '-n',
      '1',
      process.execPath,
      '--import',
      STARTER,
      MAIN,
      ...tinyTraining('--out', run, '--seed', '9'),
    ];
    const { code, stderr } = await launch(1, MAIN, tinyTraining('--out', run), { beside: other }).ended;
    assert.is.not(code, 0);
    assert.match(stderr, 'rank 1 of 2 has another settings than rank 0');
    assert.not.ok(readdirSync(join(run, '..')).includes('run'));
  });

  test('ends with the exit code of a divergence when a loss is NaN', async () => {
    const rates = ['--set', 'generator.learningRate=1e30', '--set', 'discriminator.learningRate=1e30'];
    const { code, stderr } = await launch(2, MAIN, tinyTraining('--out', newRun(), ...plain, ...rates)).ended;
    assert.is(code, 5, stderr);
    assert.match(stderr, /Loss is NaN at step \d+/);
  });

  test('is finished although a rank cannot read the images of a step that is not trained', async () => {
    const { code, stderr } = await trainUnreadable({ steps: 4 });
    assert.is(code, 0, stderr);
  });

  test('says which rank cannot read its images, also where learning rates have just been lowered', async () => {
    const learningRateDecay = { kind: 'stepped', factor: 0.5, every: 4 } as const;
    const { code, stderr } = await trainUnreadable({ steps: 8, learningRateDecay });
    assert.is.not(code, 0);
    assert.match(stderr, 'an image cannot be read');
    assert.match(stderr, /rank 1 of 2 cannot go on.*The last good checkpoint is \S+step-000004/);
  });

  test('ends when a rank is killed, and goes on from the last checkpoint', async () => {
    const run = newRun();
    const training = launch(2, MAIN, tinyTraining('--out', run, ...ENDLESS, '--json'));
    await saved(training, 10);
    process.kill(ranksOf(training)[1] as number, 'SIGKILL');
    const { code } = await training.ended;
    assert.is.not(code, 0);
    const last = (await listCheckpoints(run)).at(-1)?.step ?? 0;
    assert.ok(last >= 10);
    await succeeds(2, ['resume', run, '--steps', String(last + 2)]);
    assert.is((await listCheckpoints(run)).at(-1)?.step, last + 2);
  });

  test('ends when a rank hangs, with its name, the last good checkpoint and the command that goes on', async () => {
    const run = newRun();
    const training = launch(2, MAIN, tinyTraining('--out', run, ...ENDLESS, '--json'), { patienceSeconds: 3 });
    await saved(training, 10);
    process.kill(ranksOf(training)[1] as number, 'SIGSTOP');
    const { code, stderr } = await training.ended;
    assert.is.not(code, 0);
    assert.match(stderr, /rank 0 of 2 \(.+\) has heard nothing of rank 1 of 2 \(.+\) for 3 s: it has died or hangs/);
    assert.match(
      stderr,
      /The last good checkpoint is that of step \d+\. Go on from it: mpirun -n 2 gannet resume \S+run/,
    );
  });

  const ALIVE = 'test/ranks/alive_child.ts';

  test('goes on while its ranks live, however long they say nothing else', async () => {
    const { code, stderr } = await launch(2, ALIVE, ['10'], { patienceSeconds: 5 }).ended;
    assert.is(code, 0, stderr);
  });

  test('ends when a rank lives but does nothing any more', async () => {
    const { code, stderr } = await launch(2, ALIVE, ['600', 'blocked'], { patienceSeconds: 5 }).ended;
    assert.is.not(code, 0);
    assert.match(stderr, /rank 0 of 2 \(.+\) has heard nothing of rank 1 of 2 \(.+\) for 5 s/);
  });

  test('saves and stops after one step on every rank when one is asked to', async () => {
    const run = newRun();
    const training = launch(2, MAIN, tinyTraining('--out', run, ...ENDLESS, '--json'));
    await saved(training, 10);
    process.kill(ranksOf(training)[1] as number, 'SIGTERM');
    const { stdout } = await training.ended;
    const [end] = stdout.split('\n').filter((line) => line.includes('"type":"end"'));
    const { step, reason } = JSON.parse(end as string);
    assert.is(reason, 'interrupted');
    assert.is((await listCheckpoints(run)).at(-1)?.step, step);
  });
}
test.run();
