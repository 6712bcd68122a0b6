import { expected, runOn, type Work } from '../device/execution.ts';
import { DEVICE_KINDS, type Device, type DeviceKind, openDevice } from '../device/index.ts';
import type { Results } from '../oracle/compare.ts';
import { PRODUCT_PRECISIONS, type ProductPrecision } from '../oracle/tolerance.ts';
import { createTfjsDevice, loadTfjs } from '../reference/index.ts';
import type { Budget } from './budget.ts';

/** What can be compared with a device: another one, or the oracle, plain loops in float64. */
export const OPPONENTS = [...DEVICE_KINDS, 'oracle'] as const;
/** One of OPPONENTS. */
export type Opponent = (typeof OPPONENTS)[number];

/** What one of the two things compared is. */
export interface SideDescription {
  readonly name: Opponent;
  /** What it is here, such as `@tensorflow/tfjs 4.22.0 (cpu)`. */
  readonly description: string;
  /** What the reader should know of how it was chosen, such as a faster tfjs that does not load; '' if nothing. */
  readonly note: string;
}

/** One of the two things compared. */
export interface Side extends SideDescription {
  /** Computes some work from its own initial state: nothing is left of the work before.
   *  @throws OutOfBudget, DeviceError */
  compute(work: Work): Promise<Results>;
}

/** How a side computes. */
export interface SideOptions {
  readonly precision: ProductPrecision;
  /** Asked before each op where ops are called one by one: by tfjs and the oracle. A device of the addon finishes what it began. */
  readonly budget: Budget;
}

/** The precisions that a side can be asked for. */
export const precisionsOf = (name: Opponent): readonly ProductPrecision[] =>
  name === 'cuda' || name === 'simt' ? PRODUCT_PRECISIONS : ['float32'];

/** Opens one side. @throws DeviceError if it is not here, with what to do */
export async function openSide(name: Opponent, options: SideOptions): Promise<Side> {
  if (name === 'oracle') return oracle(options.budget);
  return name === 'tfjs' ? openTfjs(options.budget) : openNative(name, options.precision);
}

const oracle = (budget: Budget): Side => ({
  name: 'oracle',
  description: 'plain loops in float64',
  note: '',
  compute: async (work) => {
    budget.start();
    return expected(work, budget.check);
  },
});

async function openTfjs(budget: Budget): Promise<Side> {
  // TensorFlow's own choice on tensor cores is tf32; read when its library loads.
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  const tfjs = await loadTfjs();
  const side = deviceSide('tfjs', () => {
    budget.start();
    return createTfjsDevice(tfjs, budget.check);
  });
  return { ...side, note: tfjs.passedOver.join('\n') };
}

const openNative = (kind: Exclude<DeviceKind, 'tfjs'>, precision: ProductPrecision): Side =>
  deviceSide(kind, () => openDevice(kind, precisionsOf(kind).length > 1 ? { precision } : {}));

/** A side that opens a device for each work, since devices tell variables apart by name and recipes name theirs alike. */
export function deviceSide(name: DeviceKind, open: () => Device): Side {
  const first = open();
  first.close();
  return {
    name,
    description: first.description,
    note: '',
    compute: async (work) => {
      const device = open();
      try {
        return await runOn(device, work);
      } finally {
        device.close();
      }
    },
  };
}
