import { saveCheckpoint } from '../../../src/train/checkpoint/checkpoint.ts';

// Saves checkpoint after checkpoint into the run folder it is given, telling its parent of each, until it is killed.
const run = process.argv[2] as string;
for (let step = 1; ; step++) {
  const data = new Float32Array(1 << 20).fill(step);
  const files = { generator: [{ name: 'weight', dtype: 'float32' as const, shape: [data.length], data }] };
  await saveCheckpoint(run, step, { files, state: { step } }, { keepLast: 2 });
  process.send?.(step);
}
