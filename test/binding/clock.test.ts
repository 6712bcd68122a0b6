import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mul } from '../../src/ops/index.ts';
import { feed, trace } from '../../src/tensor/trace.ts';
import { devices } from '../devices.ts';

const graph = trace('product', () => {
  const x = feed('x', [64, 64]);
  return { y: mul(x, x) };
});
const feeds = { x: new Float32Array(64 * 64).fill(2) };

for (const [name, open] of Object.entries(devices).filter(([kind]) => kind !== 'tfjs')) {
  test(`${name} times its runs by its own clock when asked, within the time in native code`, async () => {
    const device = await open();
    const executable = await device.load(graph);
    const call = { executable, feeds };
    const { elapsedMs = 0, nativeMs } = await device.run([call, call], { timed: true });
    assert.ok(elapsedMs > 0);
    // An event's clock may be coarser than the host's.
    assert.ok(elapsedMs <= nativeMs + 0.1, `${elapsedMs} of ${nativeMs}`);
    assert.is((await device.run([call])).elapsedMs, undefined);
    device.close();
  });
}

test.run();
