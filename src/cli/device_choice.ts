import { bestDevice, listDevices } from '../device/index.ts';
import type { Config } from '../models/index.ts';

/** Which device a configuration gets, and why. @throws DeviceError if the addon does not load */
export function explainDevice({ device }: Pick<Config, 'device'>): string {
  if (device !== 'auto') return `${device}, as asked`;
  const { kind, description } = bestDevice();
  // The simulator is never the best, whether it is here or not.
  const missing = listDevices().filter((other) => !other.available && other.kind === 'cuda');
  const reasons = missing.map(({ problem }) => `; not cuda: ${problem.split(';')[0]}`);
  return `${kind} (${description}), the best there is${reasons.join('')}`;
}
