import type { DeviceKind } from './device.ts';
import { bestDevice, listDevices } from './open.ts';

/** The device for what was asked. */
export interface DeviceChoice {
  readonly kind: Exclude<DeviceKind, 'tfjs'>;
  /** Which device it is and, where `auto` was asked for, why it is not a GPU; for people. */
  readonly reason: string;
}

/** Is told of the device that work is done on, before it is opened. */
export type DeviceListener = (choice: DeviceChoice) => void;

/** The device for what was asked; `auto` is the best there is. @throws DeviceError if the addon does not load */
export async function findDevice(asked: DeviceChoice['kind'] | 'auto'): Promise<DeviceChoice> {
  if (asked !== 'auto') return { kind: asked, reason: `${asked}, as asked` };
  const { info, passedOver } = await bestDevice();
  const kind = info.kind as DeviceChoice['kind'];
  const found = `${kind} (${info.description})`;
  if (passedOver) return { kind, reason: `${found}; not cuda: ${passedOver.message.split('\n')[0]}` };
  // The simulator is never the best, whether it is here or not.
  const missing = listDevices().filter((other) => !other.available && other.kind === 'cuda');
  const reasons = missing.map(({ problem }) => `; not cuda: ${problem.split(';')[0]}`);
  return { kind, reason: `${found}, the best there is${reasons.join('')}` };
}
