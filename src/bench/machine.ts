import { cpus, totalmem } from 'node:os';
import { type Device, listDevices } from '../device/index.ts';
import { packageVersion } from '../package.ts';

/** Where something was measured, and with what. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly device: { readonly kind: string; readonly description: string; readonly precision: string };
  /** Of gannet, Node and whatever the device runs on, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** This machine as a device sees it. */
export function describeMachine({ kind, description }: Device, precision: string): Machine {
  const details = listDevices().find((info) => info.kind === kind)?.details ?? {};
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    memoryBytes: totalmem(),
    device: { kind, description, precision },
    versions: { gannet: packageVersion(), Node: process.versions.node, ...details },
  };
}

/** `AMD EPYC, 2 cores, 24 GiB; gannet 0.1.0, Node 20.20.2, oneDNN 2.6.3, ...` */
export function formatMachine({ processor, cores, memoryBytes, device, versions }: Machine): string {
  const gpu = device.kind === 'cpu' ? [] : [`device ${device.kind} (${device.description}), ${device.precision}`];
  const found = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [`${processor}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB`, ...gpu, found.join(', ')].join(
    '; ',
  );
}
