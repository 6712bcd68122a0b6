import type { Device, DeviceKind } from '../device/index.ts';
import { zeros } from '../nn/index.ts';
import { parameter } from '../nn/layer.ts';
import { matmul, neg } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { read, trace } from '../tensor/trace.ts';
import type { Contestant } from './turns.ts';
import { graphWorkload, type Workload } from './workload.ts';

/** Sides of the square matrices of each probe: large enough for the best rate, and for memory beyond the caches. */
const SIDES: Record<Exclude<DeviceKind, 'tfjs'>, { readonly sgemm: number; readonly copy: number }> = {
  cpu: { sgemm: 2048, copy: 4096 },
  cuda: { sgemm: 8192, copy: 8192 },
  simt: { sgemm: 32, copy: 64 },
};

/** What a device reaches at best, as measured: the rate of its product of square matrices, and that of reading and writing memory. */
export interface Roofline {
  readonly gflops: number;
  readonly gbps: number;
}

/** Work whose rates bound those of all other work on a device. */
export interface RooflineProbes {
  readonly sgemm: Contestant;
  readonly copy: Contestant;
  /** The rates that follow from the milliseconds that each took. */
  ratesOf(sgemmMs: number, copyMs: number): Roofline;
}

/** The product of two matrices. */
const sgemm = (side: number): Workload =>
  ofMatrices('sgemm', side, (matrix) => ({ product: matmul(matrix('a'), matrix('b')) }));

/** A copy with the signs changed, since a program has no plain copies of variables that could not be left out. */
const copy = (side: number): Workload => ofMatrices('copy', side, (matrix) => ({ copy: neg(matrix('c')) }));

const ofMatrices = (
  name: string,
  side: number,
  build: (matrix: (name: string) => Tensor) => Record<string, Tensor>,
): Workload =>
  graphWorkload(
    trace(name, () => build((matrix) => read(parameter(matrix, [side, side], zeros)))),
    { shape: `[${side},${side}]`, images: 0 },
  );

/** @throws DeviceError */
export async function openProbes(device: Device, kind: keyof typeof SIDES): Promise<RooflineProbes> {
  const product = sgemm(SIDES[kind].sgemm);
  const movement = copy(SIDES[kind].copy);
  return {
    sgemm: await product.open(device),
    copy: await movement.open(device),
    ratesOf: (sgemmMs, copyMs) => ({
      gflops: product.flops / sgemmMs / 1e6,
      gbps: (movement.bytes as number) / copyMs / 1e6,
    }),
  };
}

/** The least milliseconds that work can take under a roofline. */
export const floorMs = ({ flops, bytes = 0 }: Pick<Workload, 'flops' | 'bytes'>, { gflops, gbps }: Roofline): number =>
  Math.max(flops / gflops, bytes / gbps) / 1e6;
