import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SystemMeter } from '../../src/train/system_figures.ts';

function workFor(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test('the processors and the memory of this process are measured, on a GPU also what is in use of its memory', async () => {
  const onGpu = new SystemMeter({ memoryUse: async () => ({ usedBytes: 3e9, totalBytes: 8e9 }) });
  workFor(200);
  const { processors, memoryBytes, gpuMemoryBytes } = await onGpu.measure();
  assert.ok(processors > 0, `${processors} processors`);
  assert.ok(memoryBytes > 2 ** 24 && memoryBytes < 2 ** 40, `${memoryBytes} bytes`);
  assert.is(gpuMemoryBytes, 3e9);
  const onProcessors = new SystemMeter({ memoryUse: async () => undefined });
  assert.equal(Object.keys(await onProcessors.measure()), ['processors', 'memoryBytes']);
});

test('processors are counted since they were counted before', async () => {
  const meter = new SystemMeter({ memoryUse: async () => undefined });
  workFor(200);
  await meter.measure();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { processors } = await meter.measure();
  assert.ok(processors < 0.5, `${processors} processors, though the process slept`);
});

test.run();
