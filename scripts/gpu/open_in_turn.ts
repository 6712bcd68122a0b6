// Opens devices one after another, two at a time in the middle, and trains a step on each. Prints the memory in use after each is closed,
// a line of JSON each: of the GPU as nvidia-smi tells it, of the process on the simulator. Ends with 1 where the last is more than
// that after the third, by which time what a driver keeps for itself has settled.
import { spawnSync } from 'node:child_process';
import { configOn, imagesFor, openSession, readOptions } from './step_setup.ts';

const { device } = readOptions();
const ROUNDS = device === 'simt' ? 4 : 12;
const SETTLED = 2;
/** What may be between two measurements of the same use. */
const SLACK_BYTES = 64 << 20;

const config = configOn(device, { recipe: 'dcgan', batch: 32 });
const used: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const sessions = [];
  for (let i = 0; i < (round === ROUNDS - 2 ? 2 : 1); i++) sessions.push(await openSession(device, config, 'tf32'));
  const losses = [];
  for (const session of sessions) losses.push(await session.step(1, imagesFor(session, 1), { fetch: true }));
  for (const session of sessions) session.close();
  used.push(usedBytes());
  console.log(JSON.stringify({ round, devices: sessions.length, usedBytes: used.at(-1), losses }));
  expectEqual(losses.map((values) => JSON.stringify(values)));
}
const grown = (used.at(-1) as number) - (used[SETTLED] as number);
if (grown > SLACK_BYTES) {
  console.error(
    `memory in use grew by ${(grown / 2 ** 20).toFixed(0)} MiB from device ${SETTLED + 1} to device ${ROUNDS}`,
  );
  process.exitCode = 1;
}

/** Two devices that are open at once are told the same and must say the same. */
function expectEqual(said: readonly string[]): void {
  if (new Set(said).size <= 1) return;
  console.error(`two devices open at once give different losses: ${said.join(' and ')}`);
  process.exitCode = 1;
}

function usedBytes(): number {
  if (device === 'simt') return process.memoryUsage.rss();
  const { stdout } = spawnSync('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits'], {
    encoding: 'utf8',
  });
  return 2 ** 20 * Number(stdout.split('\n')[0]);
}
