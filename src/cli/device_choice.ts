import type { Config } from '../config/index.ts';
import { bestDevice, listDevices } from '../device/index.ts';

/** Which device a configuration gets, and why. @throws DeviceError if the addon does not load */
export async function explainDevice({ device }: Pick<Config, 'device'>): Promise<string> {
  if (device !== 'auto') return `${device}, as asked`;
  const { info, passedOver } = await bestDevice();
  if (passedOver) return `${info.kind} (${info.description}); not cuda: ${passedOver.message.split('\n')[0]}`;
  // The simulator is never the best, whether it is here or not.
  const missing = listDevices().filter((other) => !other.available && other.kind === 'cuda');
  const reasons = missing.map(({ problem }) => `; not cuda: ${problem.split(';')[0]}`);
  return `${info.kind} (${info.description}), the best there is${reasons.join('')}`;
}
