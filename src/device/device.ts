import type { Program } from '../graph/program.ts';
import type { DType } from '../tensor/shape.ts';
import type { Graph, GraphOutputs } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';

/** Where programs can run. `simt` runs the CUDA kernels on a simulator, `tfjs` is the reference. */
export const DEVICE_KINDS = ['cpu', 'cuda', 'simt', 'tfjs'] as const;
/** One of DEVICE_KINDS. */
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** Elements of a tensor on the host, row-major. */
export type HostArray = Float32Array | Int32Array;

/** A view of bytes as the elements of a type. */
export const hostArray = (dtype: DType, bytes: ArrayBuffer): HostArray =>
  dtype === 'float32' ? new Float32Array(bytes) : new Int32Array(bytes);

/** Values for a graph's feeds, by name. Devices of the addon copy them before `run` returns, so that they may change, be resized or be
 *  transferred at once; tfjs reads them while it runs. */
export type Feeds = Readonly<Record<string, HostArray>>;

/** A graph that a device is ready to run. */
export interface Executable<O extends GraphOutputs = GraphOutputs> {
  readonly graph: Graph<O>;
  /** What the device runs, for listings and memory figures; absent where the device interprets the graph. */
  readonly program?: Program;
  /** Bytes the device needs beside the arena while it runs. */
  readonly workspaceBytes: number;
  /** Frees what the device holds for this graph; its variables stay. */
  release(): void;
}

/** One run of an executable. */
export interface Call<O extends GraphOutputs = GraphOutputs> {
  readonly executable: Executable<O>;
  readonly feeds?: Feeds;
  /** Whether outputs are copied back to the host. */
  readonly fetch?: boolean;
}

/** What a graph put out, by the names that its trace returned. */
export type Outputs = Readonly<Record<string, HostArray>>;

/** What calls put out, each by the names of its graph's outputs where it says `fetch: true`. */
export type OutputsOf<C extends readonly Call[]> = {
  readonly [I in keyof C]: C[I] extends { readonly fetch: true; readonly executable: Executable<infer O> }
    ? { readonly [N in keyof O]: HostArray }
    : Outputs;
};

/** What is measured while calls run. */
export interface RunOptions {
  /** Times each step of each program, which then runs step by step. */
  readonly profile?: boolean;
  /** Waits for the device and times the calls by its own clock. */
  readonly timed?: boolean;
}

/** What became of a run. */
export interface RunResult<C extends readonly Call[] = readonly Call[]> {
  /** One record of outputs per call; empty where nothing was fetched. */
  readonly outputs: OutputsOf<C>;
  /** Milliseconds spent in native code. */
  readonly nativeMs: number;
  /** How many times the device was told to start recorded work: once for all calls where that is on a GPU and needs no more; absent where
   *  nothing is recorded. */
  readonly graphLaunches?: number;
  /** Milliseconds from the start of the first call to the end of the last by the device's own clock, which on a GPU is events; when
   *  timed, where the device has such a clock. */
  readonly elapsedMs?: number;
  /** Milliseconds of each step of each call's program, when profiling. */
  readonly stepMs?: readonly (readonly number[])[];
}

/** Memory of a device of its own. */
export interface MemoryUse {
  /** Bytes that all processes use of it. */
  readonly usedBytes: number;
  /** Bytes that it has. */
  readonly totalBytes: number;
}

/** A place that runs graphs and keeps variables between runs. Variables are told apart by name; a new one holds zeros until it
 *  is written or initialised. Everything asked of a device happens in the order it was asked. */
export interface Device {
  readonly kind: DeviceKind;
  /** The model of the hardware, such as `AMD EPYC`. */
  readonly description: string;
  /** Versions and numbers on which the last bits of results may depend, such as `{ isa: 'avx512', threads: '2' }`. */
  readonly details: Readonly<Record<string, string>>;
  load<O extends GraphOutputs>(graph: Graph<O>): Promise<Executable<O>>;
  /** Runs calls in order as one crossing to the device. @throws DeviceError */
  run<const C extends readonly Call[]>(calls: C, options?: RunOptions): Promise<RunResult<C>>;
  read(variable: Variable): Promise<HostArray>;
  /** Copies `values` into the variable. @throws DeviceError if the length differs */
  write(variable: Variable, values: HostArray): Promise<void>;
  /** What is used of the device's memory once what was asked before is done; undefined where that is the machine's own. @throws DeviceError */
  memoryUse(): Promise<MemoryUse | undefined>;
  close(): void;
}
