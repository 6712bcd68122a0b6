// One of several processes that all fail alike; rank 0 takes a second to say so.
import { withRanks } from '../../src/cli/ranks.ts';
import { DeviceError } from '../../src/errors.ts';

const slowly = (text: string): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  process.stderr.write(text);
};
const stderr = process.env.RANK === '0' ? { write: slowly } : process.stderr;
const io = { stdout: process.stdout, stderr, environment: process.env, signals: process, quit: () => {} };
process.exitCode = await withRanks({ io, exitCode: 0 }, { json: false }, async (ranks) => {
  ranks?.end();
  throw new DeviceError('device_failed', 'all have failed');
});
