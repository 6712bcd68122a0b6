// A process of its own, started by self_test.ts: loads the addon and, if a device is named, runs a small program on it. What comes of
// that goes to the parent as one message.
import { DeviceError, type ErrorCode } from '../errors.ts';
import { add, conv2d } from '../ops/index.ts';
import { feed, trace } from '../tensor/trace.ts';
import type { DeviceKind } from './device.ts';
import type { NativeDeviceInfo } from './native.ts';
import { listDevices, openDevice } from './open.ts';

/** What the child tells its parent: the devices that it found, or what failed. */
export interface SelfTestReport {
  readonly devices?: readonly NativeDeviceInfo[];
  readonly failure?: { readonly code: ErrorCode<'DeviceError'>; readonly message: string };
}

/** A 3x3 convolution of ones over a 3x3 image of ones, plus 1: 10 in the middle, 7 at the edges, 5 in the corners. */
const EXPECTED = [5, 7, 5, 7, 10, 7, 5, 7, 5];

async function runSmallProgram(kind: Exclude<DeviceKind, 'tfjs'>): Promise<void> {
  const device = openDevice(kind);
  try {
    const graph = trace('self-test', () => ({
      y: add(conv2d(feed('x', [1, 3, 3, 1]), feed('w', [1, 3, 3, 1]), { stride: 1, padding: 'same' }), 1),
    }));
    const executable = await device.load(graph);
    const ones = new Float32Array(9).fill(1);
    const { outputs } = await device.run([{ executable, feeds: { x: ones, w: ones }, fetch: true }]);
    const got = [...(outputs[0]?.y ?? [])];
    if (got.join() !== EXPECTED.join()) {
      throw new DeviceError('device_wrong', `the device ${kind} computes [${got}] where it should be [${EXPECTED}]`);
    }
  } finally {
    device.close();
  }
}

async function selfTest(kind: string | undefined): Promise<SelfTestReport> {
  try {
    const devices = listDevices();
    if (kind !== undefined) await runSmallProgram(kind as Exclude<DeviceKind, 'tfjs'>);
    return { devices };
  } catch (error) {
    const code = error instanceof DeviceError ? error.code : 'unforeseen';
    return { failure: { code, message: (error as Error).message } };
  }
}

const report = await selfTest(process.argv[2]);
process.send?.(report, () => process.disconnect());
