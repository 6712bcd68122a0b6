import type { Device, Executable } from '../device/index.ts';
import { countFlops, optimize } from '../graph/index.ts';
import { overwrittenInputs } from '../ops/update.ts';
import { BYTES_PER_ELEMENT, elements } from '../tensor/shape.ts';
import type { Graph } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import type { Contestant, OpenContestant } from './turns.ts';

/** The sizes at which work is timed: as published, or so small that tfjs's pure JavaScript ends within seconds. */
export type Size = 'published' | 'small';

/** Work of a certain size that devices of gannet and peers can be timed at. */
export interface Workload {
  /** For tables, such as `[32,32,32,128] -> [32,16,16,256]`. */
  readonly shape: string;
  /** Images that one run takes in. */
  readonly images: number;
  /** Operations of the convolutions and matrix products of one run, 1 multiply-add = 2. */
  readonly flops: number;
  /** What one run must at least read and write; absent where that tells nothing. */
  readonly bytes?: number;
  /** The same work for scripts/bench/worker.py. */
  readonly pytorch?: PytorchTask;
  /** Makes it ready on a device. @throws DeviceError */
  open(device: Device): Promise<Contestant>;
}

export interface PytorchTask {
  readonly op: string;
  readonly [about: string]: unknown;
}

/** A graph without feeds as a workload: its variables are the inputs, filled with numbers that repeat from run to run. */
export function graphWorkload(
  graph: Graph,
  about: Pick<Workload, 'shape' | 'images'> & { readonly pytorch?: PytorchTask },
): Workload {
  return {
    ...about,
    flops: countFlops(optimize(graph, new Set())),
    bytes: compulsoryBytes(graph),
    open: async (device) => {
      const executable = await device.load(graph);
      for (const variable of graph.variables) await device.write(variable, exampleValues(variable));
      return { measure: (runs) => runRepeatedly(device, executable, runs) };
    },
  };
}

/** Every variable is read once, every output and overwritten variable written once. */
function compulsoryBytes({ variables, outputs, updates }: Graph): number {
  const moved = [...variables, ...Object.values(outputs), ...updates.flatMap(overwrittenInputs)];
  return moved.reduce((sum, { shape }) => sum + elements(shape) * BYTES_PER_ELEMENT, 0);
}

/** Numbers from 0.005 to 0.095: never denormal, and positive, as a second moment must be. */
function exampleValues({ shape }: Variable): Float32Array {
  const values = new Float32Array(elements(shape));
  for (let i = 0; i < values.length; i++) values[i] = 0.005 + 0.01 * (i % 10);
  return values;
}

/** tfjs has no clock of its own, and what it queues on a GPU has ended once the last result has been read. */
async function runRepeatedly(device: Device, executable: Executable, runs: number): Promise<number> {
  const fetchesLast = device.kind === 'tfjs';
  const calls = Array.from({ length: runs }, (_, i) => ({ executable, fetch: fetchesLast && i === runs - 1 }));
  const { nativeMs, elapsedMs = nativeMs } = await device.run(calls, { timed: true });
  return elapsedMs / runs;
}

/** Work made ready on a device that is closed with it. @throws DeviceError */
export async function openOn(device: Device, workload: Workload): Promise<OpenContestant> {
  try {
    return { ...(await workload.open(device)), close: () => device.close() };
  } catch (error) {
    device.close();
    throw error;
  }
}
