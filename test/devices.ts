import type { Device } from '../src/device/device.ts';
import { openDevice, type Precision } from '../src/device/open.ts';
import { openTfjsDevice } from '../src/reference/index.ts';

/** Where tests run the CUDA kernels: on the simulator, unless GANNET_KERNEL_DEVICE=cuda asks for a GPU. */
const kernelDevice = process.env.GANNET_KERNEL_DEVICE === 'cuda' ? 'cuda' : 'simt';

/** Opens the device of the CUDA kernels in one of their precisions.
 *  @param bfloat16From as in DeviceOptions: tests of bfloat16 have small values kept so too */
export const openKernelDevice = async (precision: Precision = 'float32', bfloat16From = 1): Promise<Device> =>
  openDevice(kernelDevice, { precision, bfloat16From });

/** Every device that this machine can test, by name: the one place that lists them. All compute in float32. */
const allDevices = {
  cpu: async (): Promise<Device> => openDevice('cpu'),
  [kernelDevice]: async (): Promise<Device> => openKernelDevice(),
  tfjs: openTfjsDevice,
} satisfies Record<string, () => Promise<Device>> as Record<
  'cpu' | 'tfjs' | typeof kernelDevice,
  () => Promise<Device>
>;

/** Those among them that GANNET_TEST_DEVICES names, or all. */
export const devices = Object.fromEntries(
  Object.entries(allDevices).filter(([name]) => (process.env.GANNET_TEST_DEVICES ?? name).split(' ').includes(name)),
) as typeof allDevices;
