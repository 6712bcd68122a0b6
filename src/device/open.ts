import { DeviceError } from '../errors.ts';
import { BFLOAT16_ELEMENTS } from '../graph/bfloat16.ts';
import { loadAddon } from './addon.ts';
import { checkOnFirstUse } from './check/first_use.ts';
import type { Device, DeviceKind } from './device.ts';
import type { NativeDeviceInfo } from './native.ts';
import { AddonDevice } from './native_device.ts';
import type { Ranks } from './ranks.ts';

/** How a device multiplies in convolutions and matrix products; it adds in float32 always. `auto` is `tf32` on GPUs whose
 *  tensor cores have it, `float32` elsewhere. `bfloat16` also keeps large values between kernels so. The CPU has float32 only. */
export const PRECISIONS = ['auto', 'float32', 'tf32', 'bfloat16'] as const;
/** One of PRECISIONS. */
export type Precision = (typeof PRECISIONS)[number];

/** How a device is opened. */
export interface DeviceOptions {
  /** 0 = one per processor core. */
  readonly threads?: number;
  readonly precision?: Precision;
  /** How many elements a value has at least that precision `bfloat16` keeps as bfloat16 between kernels. Feeds, outputs, variables and
   *  what not every reader can take stay float32. Default: 4096. */
  readonly bfloat16From?: number;
  /** This process among those that train together; all of them open such a device at the same time. */
  readonly ranks?: Ranks | undefined;
}

const REMEDIES: Readonly<Record<string, string>> = {
  cuda: 'It needs a driver for CUDA 13 (>= 580), and an addon with CUDA: `npx gannet build --cuda` makes one where the CUDA toolkit is installed. Without, train with --device cpu.',
  simt: '`npx gannet build` makes it together with the addon.',
};

/** What makes a device available, for people. */
export const deviceRemedy = (kind: string): string => REMEDIES[kind] ?? 'Choose another device.';

/** What the addon finds on this machine, available or not. */
export const listDevices = (): readonly NativeDeviceInfo[] => loadAddon().listDevices();

/** The best device there is, and what was passed over for it. */
export interface BestDevice {
  readonly info: NativeDeviceInfo;
  /** Why it is not a GPU that is there: the error with which that GPU refuses to compute. */
  readonly passedOver?: DeviceError;
}

/** The best device there is: a GPU if one answers and computes rightly, else the CPU. A GPU that has not been used before is checked
 *  first, which takes about a second. */
export async function bestDevice(): Promise<BestDevice> {
  const available = listDevices().filter((device) => device.available);
  const cpu = available.find(({ kind }) => kind === 'cpu') as NativeDeviceInfo;
  const gpu = available.find(({ kind }) => kind === 'cuda');
  if (!gpu) return { info: cpu };
  try {
    openDevice('cuda').close();
    await checkOnFirstUse(gpu);
    return { info: gpu };
  } catch (error) {
    if (error instanceof DeviceError) return { info: cpu, passedOver: error };
    throw error;
  }
}

/** Opens a device of the addon with variables of its own. A GPU checks itself before it first loads a graph, unless it has passed before.
 *  @throws DeviceError `cpu_unavailable`, `cuda_unavailable` or `simt_unavailable` with the remedy, `precision_unsupported`; with `ranks` also
 *  `ranks_device`, `ranks_variables`, `nccl_unavailable`, `nccl_failed` */
export function openDevice(
  kind: Exclude<DeviceKind, 'tfjs'>,
  { threads = 0, precision = 'auto', bfloat16From = BFLOAT16_ELEMENTS, ranks }: DeviceOptions = {},
): Device {
  const info = listDevices().find((device) => device.kind === kind);
  if (!info?.available) {
    const reason = info?.problem ?? 'this build of gannet does not contain it';
    throw new DeviceError(
      `${kind}_unavailable`,
      `--device ${kind} was asked for, and ${reason}.\n  ${REMEDIES[kind] ?? 'Choose another device.'} \`gannet doctor\` shows what was found.`,
    );
  }
  const gpu = ranks?.gpuFor(kind) ?? 0;
  return new AddonDevice(info, {
    threads,
    precision,
    bfloat16From,
    gpu,
    communicator: ranks?.communicatorFor(kind),
    ready: () => checkOnFirstUse(info, gpu),
  });
}
