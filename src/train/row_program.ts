import type { Device, Executable } from '../device/index.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';

/** Rows that a program takes at once: enough to keep the cores busy, few to compute in vain for a single image. */
const BATCH = 16;

/** A program with one output, row i of which depends on row i of each feed alone, run on any number of rows.
 *  It always runs on one number of rows, `batch`; zeros fill up the last batch. Devices choose by the size of a batch in which order they add, so
 *  the last bits of a row would otherwise depend on how many rows are asked for. */
export class RowProgram {
  private readonly device: Device;
  private readonly traceFor: (rows: number) => Graph;
  private readonly batch: number;
  private executable: Executable | undefined;

  /** @param traceFor makes the program for a number of rows */
  constructor(device: Device, traceFor: (rows: number) => Graph, batch: number = BATCH) {
    this.device = device;
    this.traceFor = traceFor;
    this.batch = batch;
  }

  /** The `count` rows of the output for as many of each feed, by name. @throws DeviceError */
  async run(count: number, rows: Readonly<Record<string, Float32Array>>): Promise<Float32Array> {
    const { batch } = this;
    this.executable ??= await this.device.load(this.traceFor(batch));
    const { feeds, outputs } = this.executable.graph;
    const [output] = Object.values(outputs) as [Tensor];
    const width = elements(output.shape) / batch;
    const result = new Float32Array(count * width);
    for (let first = 0; first < count; first += batch) {
      const batches = feeds.map(
        ({ attributes: { name }, shape }) => [name, batchOf(rows[name], first, batch, shape)] as const,
      );
      const computed = await this.runBatch(this.executable, Object.fromEntries(batches));
      result.set(computed.subarray(0, result.length - first * width), first * width);
    }
    return result;
  }

  private async runBatch(executable: Executable, feeds: Readonly<Record<string, Float32Array>>): Promise<Float32Array> {
    const { outputs } = await this.device.run([{ executable, feeds, fetch: true }]);
    return Object.values(outputs[0] ?? {})[0] as Float32Array;
  }
}

/** The `count` rows from `first` on that fill a feed, and zeros where there are no more. */
function batchOf(rows: Float32Array | undefined, first: number, count: number, shape: Shape): Float32Array {
  const batch = new Float32Array(elements(shape));
  const width = batch.length / count;
  if (rows) batch.set(rows.subarray(first * width, (first + count) * width));
  return batch;
}
