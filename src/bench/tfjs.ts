import type { Device } from '../device/index.ts';
import { createTfjsDevice, type LoadedTfjs, loadTfjs } from '../reference/index.ts';

/** tfjs as a peer. */
export interface TfjsPeer {
  /** Names the backend for what it is, such as `tfjs 4.22.0, cpu (pure JavaScript)`. */
  readonly description: string;
  /** Whether it is the backend that does everything in JavaScript on one thread, hundreds of times slower than native code. */
  readonly pureJavaScript: boolean;
  open(): Promise<Device>;
}

/** The tfjs that loads here. @param onPassedOver told of each faster one that is installed but does not load
 *  @throws DeviceError `tfjs_missing` */
export async function findTfjs(onPassedOver: (reason: string) => void): Promise<TfjsPeer> {
  const tfjs = await loadTfjs();
  tfjs.passedOver.forEach(onPassedOver);
  return describeTfjs(tfjs);
}

/** What a tfjs that has been loaded is as a peer. */
export function describeTfjs(tfjs: LoadedTfjs): TfjsPeer {
  const pureJavaScript = tfjs.package === '@tensorflow/tfjs' && tfjs.backend === 'cpu';
  const backend = pureJavaScript ? 'cpu (pure JavaScript)' : tfjs.backend;
  return {
    description: `${tfjs.package.replace('@tensorflow/', '')} ${tfjs.tf.version_core}, ${backend}`,
    pureJavaScript,
    open: async () => createTfjsDevice(tfjs),
  };
}
