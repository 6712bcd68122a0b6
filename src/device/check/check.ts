import { performance } from 'node:perf_hooks';
import { DeviceError } from '../../errors.ts';
import { deviations } from '../../oracle/compare.ts';
import { PRODUCT_PRECISIONS, type ProductPrecision, toleranceOf } from '../../oracle/tolerance.ts';
import { expected, runOn } from '../execution.ts';
import type { NativeDeviceInfo } from '../native.ts';
import { AddonDevice } from '../native_device.ts';
import { type Probe, probes } from './probes.ts';

/** What a self-check found right. */
export interface CheckReport {
  /** The precisions that the device has. */
  readonly precisions: readonly ProductPrecision[];
  /** How many tensors were compared. */
  readonly results: number;
  readonly elapsedMs: number;
}

/** What a self-check is of. */
export interface CheckOptions {
  /** Those precisions of these that the device has; default: all. */
  readonly among?: readonly ProductPrecision[];
  /** Which of the machine's GPUs; default 0. */
  readonly gpu?: number;
}

/** Values of any size are kept as bfloat16 by the check, or its small programs would not come to that. */
const BFLOAT16_FROM = 1;

/** Runs small programs with kernels of every family on a device, in every precision that it has, and compares what comes with plain
 *  loops in float64.
 *  @throws DeviceError `device_wrong` if a number is off, with the op's name; what the device throws */
export async function checkDevice(
  info: Pick<NativeDeviceInfo, 'kind' | 'description' | 'details'>,
  { among = PRODUCT_PRECISIONS, gpu = 0 }: CheckOptions = {},
): Promise<CheckReport> {
  const start = performance.now();
  const trials = probes().map((probe) => ({ probe, wanted: expected(probe.work) }));
  const precisions: ProductPrecision[] = [];
  let results = 0;
  for (const precision of info.kind === 'cpu' ? (['float32'] as const) : among) {
    const device = openIfThere(info, precision, gpu);
    if (!device) continue;
    try {
      for (const { probe, wanted } of trials) {
        await compare(device, probe, wanted, precision);
        results += Object.keys(wanted).length;
      }
    } finally {
      device.close();
    }
    precisions.push(precision);
  }
  return { precisions, results, elapsedMs: performance.now() - start };
}

/** The device in a precision, or undefined where it does not have that. */
function openIfThere(
  info: Pick<NativeDeviceInfo, 'kind' | 'description' | 'details'>,
  precision: ProductPrecision,
  gpu: number,
): AddonDevice | undefined {
  try {
    return new AddonDevice(info, { threads: 0, precision, bfloat16From: BFLOAT16_FROM, gpu });
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'precision_unsupported') return undefined;
    throw error;
  }
}

async function compare(
  device: AddonDevice,
  probe: Probe,
  wanted: ReturnType<typeof expected>,
  precision: ProductPrecision,
): Promise<void> {
  const actual = await runOn(device, probe.work);
  const allowed = toleranceOf(precision, probe);
  const wrong = deviations(actual, wanted).find(({ error }) => !(error <= allowed));
  if (!wrong) return;
  throw new DeviceError(
    'device_wrong',
    `the self-check of ${probe.name} on the device ${device.kind} (${device.description}) in ${precision}: ${wrong.result} is ${wrong.error.toExponential(1)} off, of which ${allowed.toExponential(0)} is allowed.\n  Nothing that it computes can be trusted. Try another driver or card, and report it with the output of \`gannet doctor\`; --device cpu trains without it, and GANNET_CUDA_CHECK=0 leaves the check out.`,
  );
}
