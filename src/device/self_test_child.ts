// A process of its own, started by self_test.ts: loads the addon and, if a device is named, has it check itself. What comes of that goes
// to the parent as one message.
import { DeviceError, type ErrorCode } from '../errors.ts';
import { type CheckReport, checkDevice } from './check/check.ts';
import { rememberPassed } from './check/record.ts';
import type { NativeDeviceInfo } from './native.ts';
import { listDevices } from './open.ts';

/** What the child tells its parent: the devices that it found, what the check of one came to, or what failed. */
export interface SelfTestReport {
  readonly devices?: readonly NativeDeviceInfo[];
  readonly check?: CheckReport | undefined;
  readonly failure?: { readonly code: ErrorCode<'DeviceError'>; readonly message: string };
}

async function check(kind: string): Promise<CheckReport | undefined> {
  const info = listDevices().find((device) => device.kind === kind);
  if (!info) return undefined;
  const report = await checkDevice(info);
  rememberPassed(info);
  return report;
}

async function selfTest(kind: string | undefined): Promise<SelfTestReport> {
  try {
    return kind === undefined ? { devices: listDevices() } : { check: await check(kind) };
  } catch (error) {
    const code = error instanceof DeviceError ? error.code : 'unforeseen';
    return { failure: { code, message: (error as Error).message } };
  }
}

const report = await selfTest(process.argv[2]);
process.send?.(report, () => process.disconnect());
