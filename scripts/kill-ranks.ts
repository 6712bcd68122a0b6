// Kills or stops processes of a small training on several ranks at random, takes the run up again each time with another number of them,
// and fails if a checkpoint that was told of is lost or a process outlives its patience. Needs mpirun and the library for MPI.
//   --times 100   how many processes are killed or stopped
//   --seed 1      decides which, when and how
//   --patience 3  seconds for which a process may be silent; more on a machine that has much else to do
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { listCheckpoints, loadCheckpoint } from '../src/train/index.ts';
import { tinyTraining } from '../test/cli/command.ts';
import { temporaryFolder } from '../test/data/temporary.ts';
import { type Launched, launch, MAIN, ranksOf, whyNoRanks } from '../test/ranks/launch.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    patience: { type: 'string', default: '3' },
  },
});
const patienceSeconds = Number(values.patience);
/** What ending takes beyond the patience, on a busy machine. */
const LONGEST_END_MS = 60_000;

let state = Number(values.seed);
/** A whole number from 0 to below `limit`. */
function draw(limit: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

const run = join(temporaryFolder(), 'run');
const lastSaved = (training: Launched): number =>
  Number([...training.output().matchAll(/"type":"checkpoint","step":(\d+)/g)].at(-1)?.[1] ?? 0);

/** Resolves to false if the training has ended by itself before. */
function reaches(training: Launched, checkpoints: number): Promise<boolean> {
  return new Promise((resolve) => {
    const look = setInterval(() => {
      if ((training.output().match(/"type":"checkpoint"/g)?.length ?? 0) < checkpoints) return;
      clearInterval(look);
      resolve(true);
    }, 10);
    const endsBefore = () => {
      clearInterval(look);
      resolve(false);
    };
    training.ended.then(endsBefore, endsBefore);
  });
}

async function accident(time: number): Promise<void> {
  const ranks = [2, 4][draw(2)] as number;
  const command = time === 0 ? tinyTraining('--out', run, '--steps', '1000000') : ['resume', run];
  const training = launch(ranks, MAIN, [...command, '--json'], { patienceSeconds, longestSeconds: 600 });
  if (!(await reaches(training, 1 + draw(4)))) throw new Error(`it ended by itself: ${(await training.ended).stderr}`);
  const victim = draw(ranks);
  const signal = draw(4) === 0 ? 'SIGSTOP' : 'SIGKILL';
  const at = performance.now();
  process.kill(ranksOf(training)[victim] as number, signal);
  await training.ended;
  const tookMs = performance.now() - at;
  if (tookMs > LONGEST_END_MS)
    throw new Error(`after ${signal} of rank ${victim} of ${ranks} it took ${tookMs} ms to end`);
  const told = lastSaved(training);
  const newest = (await listCheckpoints(run)).at(-1)?.step ?? 0;
  await loadCheckpoint(run);
  if (newest < told) throw new Error(`the checkpoint of step ${told} was told of, but the newest is that of ${newest}`);
  console.log(
    `${time + 1}: ${signal} to rank ${victim} of ${ranks}, ended after ${(tookMs / 1000).toFixed(1)} s, step ${newest}`,
  );
}

const problem = whyNoRanks();
if (problem) throw new Error(problem);
for (let time = 0; time < Number(values.times); time++) await accident(time);
console.log(`${values.times} accidents, no checkpoint lost`);
