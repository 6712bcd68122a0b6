import type { Device } from '../device/index.ts';
import { openTfjsDevice } from '../reference/index.ts';

/** tfjs as a peer. */
export interface TfjsPeer {
  /** Names the backend for what it is, such as `tfjs 4.22.0, cpu (pure JavaScript)`. */
  readonly description: string;
  /** Whether it is the backend that interprets everything in JavaScript on one thread, hundreds of times slower than native code. */
  readonly pureJavaScript: boolean;
  open(): Promise<Device>;
}

/** The tfjs that loads here. @throws DeviceError `tfjs_missing` */
export async function findTfjs(): Promise<TfjsPeer> {
  const device = await openTfjsDevice();
  const { description } = device;
  device.close();
  const pureJavaScript = description.endsWith('(cpu)');
  return {
    description: pureJavaScript ? description.replace('(cpu)', 'cpu (pure JavaScript)') : description,
    pureJavaScript,
    open: openTfjsDevice,
  };
}
