import type { Config } from './schema.ts';

/** The keys that say where and how a command computes, in place of those of a run's configuration. */
export interface DeviceKeys {
  readonly device?: Config['device'] | undefined;
  readonly threads?: Config['threads'] | undefined;
  readonly precision?: Config['precision'] | undefined;
}

const KEYS = ['device', 'threads', 'precision'] as const satisfies (keyof DeviceKeys)[];

/** Whether a key says where and how is computed. */
export const isDeviceKey = (key: string): boolean => (KEYS as readonly string[]).includes(key);

/** Those of the keys that are given. */
export const deviceKeysOf = (options: DeviceKeys): Partial<Pick<Config, keyof DeviceKeys>> =>
  Object.fromEntries(KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])));
