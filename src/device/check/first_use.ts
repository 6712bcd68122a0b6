import type { NativeDeviceInfo } from '../native.ts';
import { checkDevice } from './check.ts';
import { hasPassed, rememberPassed } from './record.ts';

/** The checks that this process has begun, by kind of device. */
const begun = new Map<string, Promise<void>>();

/** Whether a device is checked before it is used: a GPU that has not passed before; with GANNET_CUDA_CHECK=always every GPU, and the
 *  simulator; with GANNET_CUDA_CHECK=0 none. */
function isDue(info: NativeDeviceInfo): boolean {
  const setting = process.env.GANNET_CUDA_CHECK;
  if (setting === '0' || info.kind === 'cpu') return false;
  return setting === 'always' || (info.kind === 'cuda' && !hasPassed(info));
}

async function checkAndRemember(info: NativeDeviceInfo, gpu: number): Promise<void> {
  await checkDevice(info, { gpu });
  rememberPassed(info);
}

/** Checks a GPU, by its number on this machine, when it is used for the first time, which takes about a second. Once it has passed, that is remembered for the card, its
 *  driver and the build of the addon. @throws DeviceError as `checkDevice`, at every use, if it did not pass */
export function checkOnFirstUse(info: NativeDeviceInfo, gpu = 0): Promise<void> {
  if (!isDue(info)) return Promise.resolve();
  const known = begun.get(info.kind);
  if (known) return known;
  const check = checkAndRemember(info, gpu);
  begun.set(info.kind, check);
  return check;
}
