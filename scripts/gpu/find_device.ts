import { listDevices } from '../../src/device/index.ts';
import type { Setting } from './part.ts';

/** Why a device is not here, in the addon's words; undefined where it is. */
export function missingDevice(kind: Setting['device']): string | undefined {
  try {
    const info = listDevices().find((device) => device.kind === kind);
    return info?.available ? undefined : (info?.problem ?? `this build of gannet has no device ${kind}`);
  } catch (error) {
    return (error as Error).message;
  }
}
