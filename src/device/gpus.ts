/** What a GPU can do, from its maker's data sheet. */
export interface Gpu {
  readonly name: string;
  /** 10 * major + minor of the compute capability. */
  readonly architecture: number;
  readonly multiprocessors: number;
  /** Bytes of shared memory of one multiprocessor, and the most that one block may ask for. */
  readonly sharedBytesPerMultiprocessor: number;
  readonly sharedBytesPerBlock: number;
  readonly threadsPerMultiprocessor: number;
  readonly blocksPerMultiprocessor: number;
  /** Floating-point operations per second of products in each precision, a multiply-add being two. */
  readonly peak: { readonly float32: number; readonly tf32?: number; readonly bfloat16?: number };
  readonly bytesPerSecond: number;
}

const KIB = 1024;

/** GPUs that plans can be counted for. */
export const GPUS = {
  t4: {
    name: 'T4',
    architecture: 75,
    multiprocessors: 40,
    sharedBytesPerMultiprocessor: 64 * KIB,
    sharedBytesPerBlock: 64 * KIB,
    threadsPerMultiprocessor: 1024,
    blocksPerMultiprocessor: 16,
    peak: { float32: 8.1e12 },
    bytesPerSecond: 320e9,
  },
  a100: {
    name: 'A100',
    architecture: 80,
    multiprocessors: 108,
    sharedBytesPerMultiprocessor: 164 * KIB,
    sharedBytesPerBlock: 163 * KIB,
    threadsPerMultiprocessor: 2048,
    blocksPerMultiprocessor: 32,
    peak: { float32: 19.5e12, tf32: 156e12, bfloat16: 312e12 },
    bytesPerSecond: 1555e9,
  },
  h100: {
    name: 'H100',
    architecture: 90,
    multiprocessors: 132,
    sharedBytesPerMultiprocessor: 228 * KIB,
    sharedBytesPerBlock: 227 * KIB,
    threadsPerMultiprocessor: 2048,
    blocksPerMultiprocessor: 32,
    peak: { float32: 66.9e12, tf32: 495e12, bfloat16: 989e12 },
    bytesPerSecond: 3350e9,
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
export function residentBlocks({ threads, registers, sharedBytes }: KernelResources, gpu: Gpu): number {
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
