import type { Device } from '../device/index.ts';
import { matmul } from '../ops/index.ts';
import { feed, trace } from '../tensor/trace.ts';

const SIDE = 2048;
const REPEATS = 4;

/** Measures the rate at which a device multiplies square float32 matrices: what its library can do at best. */
export async function createSgemmProbe(device: Device): Promise<() => Promise<number>> {
  const executable = await device.load(
    trace('sgemm', () => ({ product: matmul(feed('a', [SIDE, SIDE]), feed('b', [SIDE, SIDE])) })),
  );
  const feeds = { a: new Float32Array(SIDE * SIDE).fill(0.5), b: new Float32Array(SIDE * SIDE).fill(0.25) };
  /** The best of some repeats, in GFLOP/s. */
  return async () => {
    let fastestMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < REPEATS; i++) {
      const { nativeMs } = await device.run([{ executable, feeds }]);
      fastestMs = Math.min(fastestMs, nativeMs);
    }
    return (2 * SIDE ** 3) / fastestMs / 1e6;
  };
}
