import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { tinyConfig } from './tiny.ts';

const STEPS = 5000;
const WARM_UP = 1000;
/** Less than one batch, 8 KiB, leaked per step; what the allocators hold on to comes and goes by up to 18 MB. */
const BOUND_BYTES = 24 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function residentBytes(): number {
  collectGarbage();
  return process.memoryUsage().rss;
}

test(`memory does not grow over ${STEPS} steps`, async () => {
  const config = tinyConfig({ steps: STEPS, logEvery: 20, sampleEvery: 500, checkpointEvery: 500 });
  let before = 0;
  let after = 0;
  for await (const event of train(config, { out: join(temporaryFolder(), 'run') })) {
    if (event.type !== 'step') continue;
    if (event.step === WARM_UP) before = residentBytes();
    if (event.step === STEPS) after = residentBytes();
  }
  assert.ok(before > 0 && after - before < BOUND_BYTES, `it grew by ${after - before} bytes from ${before}`);
});

test.run();
