import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { tinyConfig } from './tiny.ts';

const STEPS = 5000;
const PERIOD = 1000;
/** Half a batch, 4 KiB, leaked per step. */
const BOUND_BYTES = 12 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function residentBytes(): number {
  collectGarbage();
  return process.memoryUsage().rss;
}

test(`memory does not grow over ${STEPS} steps`, async () => {
  const config = tinyConfig({ steps: STEPS, logEvery: 20, sampleEvery: 500, checkpointEvery: 500 });
  // What the allocators hold on to comes and goes; a leak shows in the lowest of each period.
  const lowest = new Array<number>(STEPS / PERIOD).fill(Number.POSITIVE_INFINITY);
  for await (const event of train(config, { out: join(temporaryFolder(), 'run') })) {
    if (event.type !== 'step' || event.step % 100 !== 0) continue;
    const period = Math.ceil(event.step / PERIOD) - 1;
    lowest[period] = Math.min(lowest[period] as number, residentBytes());
  }
  const [, before, , , after] = lowest as [number, number, number, number, number];
  assert.ok(after - before < BOUND_BYTES, `the lowest of each ${PERIOD} steps grew: ${lowest} bytes`);
});

test.run();
