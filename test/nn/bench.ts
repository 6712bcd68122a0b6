import * as assert from 'uvu/assert';
import type { Device, HostArray } from '../../src/device/index.ts';
import { openDevice } from '../../src/device/index.ts';
import { type BatchParts, initialization, type Layer } from '../../src/nn/index.ts';
import { elements } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, type Graph, read, trace } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';

/** How a layer is applied. */
interface ApplyOptions {
  readonly training?: boolean;
  /** Of the random state, which dropout draws from. */
  readonly step?: number;
  /** [batch, labels] of the samples. */
  readonly labels?: readonly number[];
  readonly parts?: BatchParts;
}

/** A layer on the CPU whose variables a test reads and writes, and which it applies to batches. */
export class LayerBench {
  readonly layer: Layer;
  private readonly device: Device;
  private readonly batch: number;

  private constructor(layer: Layer, device: Device, batch: number) {
    this.layer = layer;
    this.device = device;
    this.batch = batch;
  }

  /** The layer with its initial values, which depend on `seed`. */
  static async open(layer: Layer, batch: number, seed = 1): Promise<LayerBench> {
    const bench = new LayerBench(layer, openDevice('cpu', { threads: 1 }), batch);
    if (layer.variables.length > 0)
      await bench.run(initialization(layer.variables), { random: Int32Array.of(seed, 0) });
    return bench;
  }

  variable(name: string): Variable {
    const found = this.layer.variables.find((variable) => variable.name.endsWith(`.${name}`));
    assert.ok(found, `a variable ${name}`);
    return found as Variable;
  }

  read = async (name: string): Promise<number[]> => [...(await this.device.read(this.variable(name)))];

  write = (name: string, values: readonly number[]): Promise<void> =>
    this.device.write(this.variable(name), Float32Array.from(values));

  /** Applies the layer to x [batch, ...input]. */
  async apply(
    x: readonly number[],
    { training = false, step = 0, labels = [], parts }: ApplyOptions = {},
  ): Promise<number[]> {
    const graph = trace('apply', () => {
      const random = feed('random', [2], 'int32');
      return {
        y: this.layer.apply(this.input(), { training, random, ...this.labelled(labels), ...(parts && { parts }) }),
      };
    });
    return this.output(graph, { x: Float32Array.from(x), random: Int32Array.of(1, step), ...fed(labels) });
  }

  /** A scalar or tensor computed from the layer's training output on x and one of its variables. */
  async derive(
    x: readonly number[],
    name: string,
    body: (y: Tensor, variable: Tensor) => Tensor,
    labels: readonly number[] = [],
  ): Promise<number[]> {
    const graph = trace('derive', () => {
      const y = this.layer.apply(this.input(), { training: true, ...this.labelled(labels) });
      return { y: body(y, read(this.variable(name))) };
    });
    return this.output(graph, { x: Float32Array.from(x), ...fed(labels) });
  }

  close(): void {
    this.device.close();
  }

  private labelled = (labels: readonly number[]) =>
    labels.length === 0 ? {} : { labels: feed('labels', [this.batch, labels.length / this.batch]) };

  private input = (): Tensor => feed('x', [this.batch, ...this.layer.inputShape]);

  private async output(graph: Graph, feeds: Record<string, HostArray>): Promise<number[]> {
    return [...((await this.run(graph, feeds)).y ?? [])];
  }

  private async run(graph: Graph, feeds: Record<string, HostArray>): Promise<Readonly<Record<string, HostArray>>> {
    const executable = await this.device.load(graph);
    const used = Object.fromEntries(graph.feeds.map(({ attributes: { name } }) => [name, feeds[name] as HostArray]));
    const { outputs } = await this.device.run([{ executable, feeds: used, fetch: true }]);
    return outputs[0] ?? {};
  }
}

const fed = (labels: readonly number[]): Record<string, HostArray> =>
  labels.length === 0 ? {} : { labels: Float32Array.from(labels) };

/** Opens a bench, lets `body` use it, and closes it. */
export async function withBench(
  layer: Layer,
  batch: number,
  body: (bench: LayerBench) => Promise<void>,
): Promise<void> {
  const bench = await LayerBench.open(layer, batch);
  try {
    await body(bench);
  } finally {
    bench.close();
  }
}

/** Elements agree to float32's precision. */
export function assertClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  assert.is(actual.length, expected.length);
  for (const [i, value] of expected.entries()) {
    const difference = Math.abs((actual[i] as number) - value);
    assert.ok(
      difference <= tolerance * Math.max(1, Math.abs(value)),
      `[${i}]: expected ${value}, received ${actual[i]}`,
    );
  }
}

/** Numbers without a pattern in [-1, 1), the same each time. */
export const noise = (...shape: number[]): number[] =>
  Array.from({ length: elements(shape) }, (_, i) => ((((i + 1) * 2654435761) >>> 8) % 2000) / 1000 - 1);
