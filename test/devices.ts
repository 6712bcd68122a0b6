import type { Device } from '../src/device/device.ts';
import { openDevice } from '../src/device/open.ts';
import { openTfjsDevice } from '../src/reference/index.ts';

/** Every device that this machine can test, by name: the one place that lists them. */
export const devices = {
  cpu: async (): Promise<Device> => openDevice('cpu'),
  tfjs: openTfjsDevice,
} satisfies Record<string, () => Promise<Device>>;
