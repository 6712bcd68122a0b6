import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDevice } from '../../src/device/open.ts';
import { DeviceError } from '../../src/errors.ts';
import { embedding } from '../../src/ops/index.ts';
import { feed, trace } from '../../src/tensor/trace.ts';

async function failure(action: () => unknown): Promise<DeviceError> {
  try {
    await action();
  } catch (error) {
    assert.instance(error, DeviceError);
    return error as DeviceError;
  }
  throw new Error('nothing failed');
}

test("what fails in the addon is a DeviceError with the addon's code, which tells the op", async () => {
  const device = openDevice('cpu');
  const graph = trace('look up', () => ({ y: embedding(feed('table', [2, 1]), feed('rows', [1], 'int32')) }));
  const executable = await device.load(graph);
  const feeds = { table: Float32Array.of(3, 4), rows: Int32Array.of(2) };
  const error = await failure(() => device.run([{ executable, feeds }]));
  assert.is(error.code, 'index_out_of_range');
  assert.match(error.message, /index 0 is 2, but must be from 0 to 1/);
  assert.is((error.cause as { op?: string }).op, 'gather');
  device.close();
  assert.is((await failure(() => device.run([{ executable, feeds }]))).code, 'device_closed');
});

test('so is what fails before there is a device', async () => {
  const { code, message } = await failure(() => openDevice('cpu', { precision: 'tf32' }));
  assert.is(code, 'precision_unsupported');
  assert.match(message, '--precision float32');
});

test.run();
