import { DeviceError } from '../errors.ts';
import { loadAddon } from './addon.ts';
import type { Device, DeviceKind } from './device.ts';
import type { NativeDeviceInfo } from './native.ts';
import { AddonDevice } from './native_device.ts';

export interface DeviceOptions {
  /** 0 = one per processor core. */
  readonly threads?: number;
}

const REMEDIES: Partial<Record<string, string>> = {
  cuda: 'Install an NVIDIA driver and a build of gannet with CUDA, or train on the CPU with --device cpu.',
};

/** What the addon finds on this machine, available or not. */
export const listDevices = (): readonly NativeDeviceInfo[] => loadAddon().listDevices();

/** The best device there is: a GPU if one answers, else the CPU. */
export function bestDevice(): NativeDeviceInfo {
  const available = listDevices().filter((device) => device.available);
  return available.find(({ kind }) => kind === 'cuda') ?? (available.find(({ kind }) => kind === 'cpu') as NativeDeviceInfo);
}

/** Opens a device of the addon with variables of its own. @throws DeviceError `device_unavailable` with the remedy */
export function openDevice(kind: Exclude<DeviceKind, 'tfjs'>, { threads = 0 }: DeviceOptions = {}): Device {
  const info = listDevices().find((device) => device.kind === kind);
  if (!info?.available) {
    const reason = info?.problem ?? 'this build of gannet does not contain it';
    throw new DeviceError(
      'device_unavailable',
      `device '${kind}' was asked for, but ${reason}.\n  ${REMEDIES[kind] ?? 'Choose another device.'} \`gannet doctor\` shows what was found.`,
    );
  }
  return new AddonDevice(kind, info.description, threads);
}
