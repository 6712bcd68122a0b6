import type { Program } from '../graph/program.ts';
import type { DeviceKind, MemoryUse } from './device.ts';
import type { TcpPlace } from './launcher.ts';

/** What the addon found of one kind of device. */
export interface NativeDeviceInfo {
  readonly kind: Exclude<DeviceKind, 'tfjs'>;
  readonly available: boolean;
  /** The model of the processor or GPU; '' if there is none. */
  readonly description: string;
  /** Versions and numbers worth a line in `gannet doctor`, such as `{ oneDNN: '2.6.3', threads: '2', isa: 'avx512' }`. */
  readonly details: Readonly<Record<string, string>>;
  /** Why it is not available; '' if it is. */
  readonly problem: string;
}

/** One program to run, with its feeds in the program's order. The arrays are copied before `run` returns. */
export interface NativeCall {
  readonly program: number;
  readonly feeds: readonly (Float32Array | Int32Array)[];
  /** Whether to copy the program's outputs back. */
  readonly fetch: boolean;
}

/** Outputs of each call in order (an empty list where nothing was fetched), and the time spent in native code. */
export interface NativeResult {
  readonly outputs: readonly (readonly ArrayBuffer[])[];
  readonly nativeMs: number;
  /** How many recorded graphs were started. */
  readonly graphLaunches: number;
  /** Milliseconds by the device's own clock; only when timing was asked for. */
  readonly elapsedMs?: number;
  /** Milliseconds of each step of each call; only when profiling was asked for. */
  readonly stepMs?: readonly (readonly number[])[];
}

/** A device of the addon. Its work runs in order on a thread of its own; every promise settles on the JavaScript thread. */
export interface NativeDevice {
  /** Makes a variable of zeros and returns its id. */
  createVariable(bytes: number): number;
  /** Copies the data before it returns. */
  writeVariable(id: number, data: Float32Array | Int32Array): Promise<void>;
  readVariable(id: number): Promise<ArrayBuffer>;
  releaseVariable(id: number): void;
  /** Decodes a program; `variables[i]` is the id of the device's variable for `program.variables[i]`. */
  load(program: Program, variables: readonly number[]): Promise<{ program: number; workspaceBytes: number }>;
  unload(program: number): void;
  run(calls: readonly NativeCall[], options: { profile: boolean; timed?: boolean }): Promise<NativeResult>;
  /** Undefined where the device's memory is the machine's own. */
  memoryUse(): Promise<MemoryUse | undefined>;
  /** Frees everything once the queued work has ended. Later calls throw. */
  close(): void;
}

/** A kernel's launch that one or several of a program's steps lead to. */
export interface NativeLaunch {
  /** Index of the step in its program. */
  readonly step: number;
  /** How many steps it does, from that one on. */
  readonly steps: number;
  /** What a product does with its sums besides writing them: the second step is then an expression applied to them, or statistics. */
  readonly epilogue: 'none' | 'expression' | 'statistics';
  /** Of these steps, counted from the first, those whose results it writes. */
  readonly results: readonly number[];
  /** The kernel's mangled name. */
  readonly symbol: string;
  readonly blocks: number;
  readonly threads: number;
  /** Dynamic shared memory of a block. */
  readonly sharedBytes: number;
  /** Scratch memory that it reads. */
  readonly scratchBytesRead: number;
  /** Scratch memory that it leaves for the next launch of these steps. */
  readonly scratchBytesWritten: number;
}

/** The limits of a GPU that decide how kernels are launched. */
export interface NativeGpu {
  readonly multiprocessors: number;
  readonly sharedBytesPerMultiprocessor: number;
  readonly sharedBytesPerBlock: number;
  readonly architecture: number;
  readonly precision: string;
}

/** A rank whose device sums with those of the others. */
export interface NativeCommunicator {
  readonly rank: number;
  readonly ranks: number;
  /** The same for all ranks: what `communicatorId` gave one of them. */
  readonly id: Int32Array;
}

/** The addon's exports. Its errors are Error objects with the `code` of a DeviceError, and `op` and `scope` where one is to blame. */
export interface NativeAddon {
  readonly version: string;
  listDevices(): readonly NativeDeviceInfo[];
  /** Ops that the device executes itself; the rest must be lowered. */
  supportedOps(kind: string): readonly string[];
  /** Of each step of a program and each of its inputs: whether it is an operand of a product that the device's kernels read as bfloat16. */
  bfloat16Operands(kind: string, program: Program): readonly (readonly boolean[])[];
  /** The launches of a program on a GPU that need not be there. */
  planLaunches(program: Program, gpu: NativeGpu): readonly NativeLaunch[];
  /** c [rows,columns] += a [rows,depth] b^T, b [columns,depth], in place and before it returns. */
  addProduct(c: Float64Array, a: Float64Array, b: Float64Array, depth: number): void;
  /** Joins the processes that MPI has started together, through the library for MPI; once per process. `patienceSeconds`: how long another rank
   *  may be silent before all are ended. */
  joinRanksByMpi(library: string, patienceSeconds: number): { readonly rank: number; readonly ranks: number };
  /** Joins the processes that were told a place where rank 0 waits for the others, for `patienceSeconds` at most; once per process. */
  joinRanksByTcp(place: TcpPlace, patienceSeconds: number): { readonly rank: number; readonly ranks: number };
  /** The numbers of all ranks, rank by rank; each gives as many. Waits for them. */
  exchange(own: Int32Array): ArrayBuffer;
  /** What names a communicator of devices of this kind, 128 bytes; made by one rank for all. */
  communicatorId(kind: string): ArrayBuffer;
  /** Tells the other ranks that this one works; it must come more often than every half of their patience. */
  beat(): void;
  /** What is said, after what happened, where the ranks are ended. */
  setAdvice(text: string): void;
  /** Says what happened and ends every rank, this process among them. */
  abortRanks(message: string): void;
  /** Waits until every rank leaves. */
  leaveRanks(): void;
  openDevice(
    kind: string,
    /** `gpu`: which of the machine's; default 0. */
    options: { threads: number; precision?: string; gpu?: number; communicator?: NativeCommunicator },
  ): NativeDevice;
}
