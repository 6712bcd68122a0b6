/** What every GPU of a compute capability has. */
export interface Architecture {
  /** 10 * major + minor of the compute capability. */
  readonly architecture: number;
  /** Bytes of shared memory of one multiprocessor, and the most that one block may ask for. */
  readonly sharedBytesPerMultiprocessor: number;
  readonly sharedBytesPerBlock: number;
  readonly threadsPerMultiprocessor: number;
  readonly blocksPerMultiprocessor: number;
}

/** What a GPU can do, from its maker's data sheet. */
export interface Gpu extends Architecture {
  readonly name: string;
  readonly multiprocessors: number;
  /** Floating-point operations per second of products in each precision, a multiply-add being two. */
  readonly peak: { readonly float32: number; readonly tf32?: number; readonly bfloat16?: number };
  readonly bytesPerSecond: number;
  /** The highest clock of its multiprocessors, each of which issues four instructions of warps a cycle. */
  readonly clockHz: number;
}

const architecture = (
  number: number,
  sharedKib: readonly [number, number],
  threads: number,
  blocks: number,
): Architecture => ({
  architecture: number,
  sharedBytesPerMultiprocessor: sharedKib[0] * 1024,
  sharedBytesPerBlock: sharedKib[1] * 1024,
  threadsPerMultiprocessor: threads,
  blocksPerMultiprocessor: blocks,
});

/** Every compute capability that the kernels are compiled for.
 *  @see CUDA C++ Programming Guide, "Technical specifications per compute capability" */
export const ARCHITECTURES = {
  75: architecture(75, [64, 64], 1024, 16),
  80: architecture(80, [164, 163], 2048, 32),
  86: architecture(86, [100, 99], 1536, 16),
  89: architecture(89, [100, 99], 1536, 24),
  90: architecture(90, [228, 227], 2048, 32),
  100: architecture(100, [228, 227], 2048, 32),
  120: architecture(120, [100, 99], 1536, 24),
} as const satisfies Record<number, Architecture>;

/** GPUs that plans can be counted for. */
export const GPUS = {
  t4: {
    ...ARCHITECTURES[75],
    name: 'T4',
    multiprocessors: 40,
    peak: { float32: 8.1e12 },
    bytesPerSecond: 320e9,
    clockHz: 1.59e9,
  },
  a100: {
    ...ARCHITECTURES[80],
    name: 'A100',
    multiprocessors: 108,
    peak: { float32: 19.5e12, tf32: 156e12, bfloat16: 312e12 },
    bytesPerSecond: 1555e9,
    clockHz: 1.41e9,
  },
  h100: {
    ...ARCHITECTURES[90],
    name: 'H100',
    multiprocessors: 132,
    peak: { float32: 66.9e12, tf32: 495e12, bfloat16: 989e12 },
    bytesPerSecond: 3350e9,
    clockHz: 1.98e9,
  },
} as const satisfies Record<string, Gpu>;

/** One of the GPUs that costs can be counted for. */
export type GpuName = keyof typeof GPUS;

/** What limits how many blocks of a kernel a multiprocessor holds at once. */
export interface KernelResources {
  readonly threads: number;
  readonly registers: number;
  readonly sharedBytes: number;
}

const REGISTERS_PER_MULTIPROCESSOR = 65536;
const WARP = 32;
/** Registers are handed out to warps in units of this many. */
const REGISTER_UNIT = 256;
/** Shared memory that the system takes of every block from Ampere on. */
const RESERVED_SHARED_BYTES = 1024;

/** Blocks of a kernel that one multiprocessor holds at once. */
export function residentBlocks({ threads, registers, sharedBytes }: KernelResources, gpu: Architecture): number {
  const warps = Math.ceil(threads / WARP);
  const registersOfBlock = warps * Math.ceil((registers * WARP) / REGISTER_UNIT) * REGISTER_UNIT;
  const reserved = gpu.architecture >= 80 ? RESERVED_SHARED_BYTES : 0;
  return Math.min(
    gpu.blocksPerMultiprocessor,
    Math.floor(gpu.threadsPerMultiprocessor / (warps * WARP)),
    Math.floor(REGISTERS_PER_MULTIPROCESSOR / registersOfBlock),
    Math.floor(gpu.sharedBytesPerMultiprocessor / (sharedBytes + reserved)),
  );
}
