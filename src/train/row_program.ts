import type { Device, Executable } from '../device/index.ts';
import { elements } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';

/** Rows that a program takes at once: enough to keep the cores busy, few to compute in vain for a single image. */
const BATCH = 16;

/** A program with one feed and one output, row i of which depends on row i of the feed alone, run on any number of rows.
 *  It always runs on BATCH rows; zeros fill up the last batch. Devices choose by the size of a batch in which order they add, so
 *  the last bits of a row would otherwise depend on how many rows are asked for. */
export class RowProgram {
  private readonly device: Device;
  private readonly traceFor: (rows: number) => Graph;
  private executable: Executable | undefined;

  /** @param traceFor makes the program for a number of rows */
  constructor(device: Device, traceFor: (rows: number) => Graph) {
    this.device = device;
    this.traceFor = traceFor;
  }

  /** The rows of the output for `rows`, whole rows of the feed. @throws DeviceError */
  async run(rows: Float32Array): Promise<Float32Array> {
    this.executable ??= await this.device.load(this.traceFor(BATCH));
    const { feeds, outputs } = this.executable.graph;
    const [input] = feeds as [Tensor<'feed'>];
    const [output] = Object.values(outputs) as [Tensor];
    const [fed, made] = [elements(input.shape), elements(output.shape)];
    const result = new Float32Array((rows.length * made) / fed);
    for (let first = 0, next = 0; first < rows.length; first += fed, next += made) {
      const batch = new Float32Array(fed);
      batch.set(rows.subarray(first, first + fed));
      const computed = await this.runBatch(this.executable, input.attributes.name, batch);
      result.set(computed.subarray(0, result.length - next), next);
    }
    return result;
  }

  private async runBatch(executable: Executable, feed: string, batch: Float32Array): Promise<Float32Array> {
    const { outputs } = await this.device.run([{ executable, feeds: { [feed]: batch }, fetch: true }]);
    return Object.values(outputs[0] ?? {})[0] as Float32Array;
  }
}
