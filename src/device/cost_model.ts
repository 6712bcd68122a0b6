import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceError } from '../errors.ts';
import { compile } from '../graph/compile.ts';
import { flopsOfStep } from '../graph/flops.ts';
import { isProduct } from '../graph/products.ts';
import { type Program, type Slot, type Step, storedBytes } from '../graph/program.ts';
import { PACKAGE_ROOT } from '../package.ts';
import type { FusedOp, OpAttributes, OpName } from '../tensor/operators.ts';
import { elements } from '../tensor/shape.ts';
import type { Graph } from '../tensor/trace.ts';
import { loadAddon } from './addon.ts';
import { bfloat16Storage } from './bfloat16_operands.ts';
import { type Gpu, type KernelResources, residentBlocks } from './gpus.ts';
import type { NativeLaunch } from './native.ts';
import { callAddon } from './native_error.ts';
import type { Precision } from './open.ts';

/** What a kernel's launch should cost: counted from shapes and data sheets, never measured. */
export interface LaunchCost {
  /** Index of the step in its program. */
  readonly step: number;
  /** How many steps it does, from that one on. */
  readonly steps: number;
  /** What a product computes of its sums before they reach memory: the second of its steps. */
  readonly epilogue: 'none' | 'expression' | 'statistics';
  readonly op: OpName;
  readonly scope: string;
  /** The kernel's name with its template arguments. */
  readonly kernel: string;
  readonly flops: number;
  /** Bytes that must cross the memory bus if nothing is read twice. */
  readonly bytes: number;
  readonly blocks: number;
  readonly threads: number;
  readonly registers: number;
  readonly sharedBytes: number;
  /** Blocks that a multiprocessor holds at once, and the part of its threads that they fill. */
  readonly residentBlocks: number;
  readonly occupancy: number;
  /** How many times the whole GPU is filled. */
  readonly waves: number;
  /** Instructions that a product's main loop issues per multiplication of a warp, as counted in the machine code. */
  readonly slots: number | undefined;
  /** The largest of the times that arithmetic and memory take at their peaks, and that the multiprocessors take to issue a product's
   *  instructions. */
  readonly rooflineMs: number;
  /** The roofline with the last wave's idle multiprocessors, and no less than a launch takes. */
  readonly modelMs: number;
  /** The part of the program's modelled time. */
  readonly share: number;
}

/** What one run of a program should cost on a GPU, launch by launch. */
export interface ProgramCost {
  readonly name: string;
  readonly launches: readonly LaunchCost[];
  readonly flops: number;
  readonly bytes: number;
  /** Memory of the values between the launches. */
  readonly arenaBytes: number;
  /** The sum of the rooflines: what no implementation of these launches goes below. */
  readonly floorMs: number;
  readonly modelMs: number;
}

/** Of every multiprocessor; each issues one instruction a cycle. */
const SCHEDULERS = 4;

/** What a launch takes inside a replayed graph, whatever it does. */
const LAUNCH_MS = 0.002;

interface ResourceTable {
  readonly kernels: Readonly<
    Record<
      string,
      {
        readonly name: string;
        readonly on: Readonly<
          Record<string, { readonly registers: number; readonly shared: number; readonly slots?: number }>
        >;
      }
    >
  >;
}

let table: ResourceTable | undefined;

/** Registers and static shared memory of every kernel, as the compiler reported them. */
function resources(): ResourceTable {
  table ??= JSON.parse(readFileSync(join(PACKAGE_ROOT, 'cuda/resources.json'), 'utf8')) as ResourceTable;
  return table;
}

/** The precision that 'auto' means on a GPU. @throws DeviceError `precision_unsupported` */
export function precisionOn(gpu: Gpu, precision: Precision): 'float32' | 'tf32' | 'bfloat16' {
  const chosen = precision !== 'auto' ? precision : gpu.peak.tf32 ? 'tf32' : 'float32';
  if (gpu.peak[chosen] !== undefined) return chosen;
  throw new DeviceError('precision_unsupported', `${gpu.name} has no ${chosen} tensor cores; choose float32`);
}

/** Counts what a graph costs on a GPU, which need not be there: the launches are those that the device `cuda` makes.
 *  @throws DeviceError `device_unavailable` in a build without the simulator, `precision_unsupported` */
export function countCost(graph: Graph, gpu: Gpu, precision: Precision = 'auto'): ProgramCost {
  const addon = loadAddon();
  const chosen = precisionOn(gpu, precision);
  const claims = new Set(addon.supportedOps('simt') as OpName[]);
  const program = compile(graph, claims, chosen === 'bfloat16' ? bfloat16Storage('simt') : undefined);
  const launches = callAddon(() => addon.planLaunches(program, { ...gpu, precision: chosen }));
  const copies = copiedVariables(program);
  const costs = launches.map((launch, i) => {
    const steps = program.steps.slice(launch.step, launch.step + launch.steps);
    const first = launches[i - 1]?.step !== launch.step;
    const flops = first ? sum(steps, operationsOf) : 0;
    return launchCost(steps[0] as Step, launch, flops, bytesOf(steps, launch, first, copies), gpu, chosen);
  });
  const modelMs = sum(costs, (cost) => cost.modelMs);
  return {
    name: program.name,
    launches: costs.map((cost) => ({ ...cost, share: cost.modelMs / modelMs })),
    flops: sum(program.steps, flopsOfStep),
    bytes: sum(costs, (cost) => cost.bytes),
    arenaBytes: program.arenaBytes,
    floorMs: sum(costs, (cost) => cost.rooflineMs),
    modelMs,
  };
}

/** @param step the first of those that the launch does */
function launchCost(
  step: Step,
  launch: NativeLaunch,
  flops: number,
  bytes: number,
  gpu: Gpu,
  precision: 'float32' | 'tf32' | 'bfloat16',
): Omit<LaunchCost, 'share'> {
  const { kernel, registers, sharedBytes, slots } = resourcesOf(launch, gpu);
  const resident = residentBlocks({ threads: launch.threads, registers, sharedBytes }, gpu);
  const waves = launch.blocks / (resident * gpu.multiprocessors);
  const peak = gpu.peak[isProduct(step.op) ? precision : 'float32'] as number;
  const issueSeconds =
    slots === undefined ? 0 : (flops / operationsOfMultiplication(kernel)) * (slots / slotsPerSecond(gpu));
  const rooflineMs = 1e3 * Math.max(flops / peak, bytes / gpu.bytesPerSecond, issueSeconds);
  return {
    step: launch.step,
    steps: launch.steps,
    epilogue: launch.epilogue,
    op: step.op,
    scope: step.scope,
    kernel,
    flops,
    bytes,
    blocks: launch.blocks,
    threads: launch.threads,
    registers,
    sharedBytes,
    slots,
    residentBlocks: resident,
    occupancy: (resident * launch.threads) / gpu.threadsPerMultiprocessor,
    waves,
    rooflineMs,
    modelMs: Math.max(LAUNCH_MS, (rooflineMs * Math.ceil(waves)) / waves),
  };
}

/** What fused ops do with each element beyond computing the expression. */
const REDUCTION_OPERATIONS: { readonly [K in FusedOp]: (attributes: OpAttributes[FusedOp]) => number } = {
  elementwise: () => 0,
  reduce: () => 1,
  reduceSums: (attributes) => (attributes as OpAttributes['reduceSums']).values.length,
  // subtract, square, and two sums
  reduceMoments: () => 4,
};

/** Operations per pair of images and feature, which have so many dimensions each. Similarity: subtract, absolute value and sum per
 *  dimension, then exp and sum. Its gradient works the similarity out again, weighs it by two gradients, and adds it, with the sign of
 *  the difference, per dimension. */
const SIMILARITY_OPERATIONS: { readonly [K in OpName]?: (dimensions: number) => number } = {
  batchSimilarity: (dimensions) => 3 * dimensions + 2,
  batchSimilarityGradient: (dimensions) => 5 * dimensions + 3,
};

function similarityOperations({ op, inputs }: Step): number | undefined {
  const [images = 0, features = 0, dimensions = 0] = inputs[0]?.shape ?? [];
  const perPair = SIMILARITY_OPERATIONS[op]?.(dimensions);
  return perPair && images * images * features * perPair;
}

/** Multiplications and additions of products; instructions per element of expressions; and what pairs of images take. */
function operationsOf(step: Step): number {
  const similarity = similarityOperations(step);
  if (similarity !== undefined) return similarity;
  const reduction = REDUCTION_OPERATIONS[step.op as FusedOp];
  if (reduction === undefined) return flopsOfStep(step);
  const { attributes, inputs, output } = step as Step<FusedOp>;
  const total = Math.max(elements(output.shape), ...inputs.map(({ shape }) => elements(shape)));
  return total * (attributes.expression.instructions.length + reduction(attributes));
}

/** The first launch of some steps reads their inputs; the addon tells which launch writes which result. Between launches numbers go through
 *  scratch memory. */
function bytesOf(
  steps: readonly Step[],
  { scratchBytesRead, scratchBytesWritten, results }: NativeLaunch,
  first: boolean,
  copies: ReadonlySet<string>,
): number {
  const scratch = scratchBytesRead + scratchBytesWritten;
  return (first ? readBytes(steps) : 0) + scratch + sum(results, (i) => writtenBytes(steps[i] as Step, copies));
}

const place = ({ storage, offset }: Slot): string => `${storage} ${offset}`;

function readBytes(steps: readonly Step[]): number {
  const made = new Set<string>();
  const read = new Map<string, number>();
  for (const step of steps) {
    const { inputs, output } = step;
    for (const [i, slot] of inputs.entries()) {
      const at = place(slot);
      if (!made.has(at)) read.set(at, Math.max(read.get(at) ?? 0, inputBytes(step, i)));
    }
    if (output.storage === 'arena') made.add(place(output));
  }
  return sum([...read.values()], (bytes) => bytes);
}

/** Rows are looked up in a table, and stored in one, without reading the others. */
function inputBytes({ op, inputs, output }: Step, i: number): number {
  if (i === 0 && op === 'assignRows') return 0;
  return storedBytes(i === 0 && op === 'gather' ? output : (inputs[i] as Slot));
}

/** @param copies the variables of which the device keeps bfloat16 copies, which updates write too */
function writtenBytes(step: Step, copies: ReadonlySet<string>): number {
  const { op, inputs, output } = step;
  if (op === 'assignRows') return storedBytes(inputs[2] as Slot);
  return storedBytes(output) * writtenTensors(step) + (copies.has(place(output)) ? 2 * elements(output.shape) : 0);
}

/** An optimiser writes the weights and its slots: all inputs of their size but the gradient. */
const writtenTensors = ({ output, inputs, op }: Step): number =>
  output.storage === 'variable' && op !== 'assign'
    ? Math.max(1, inputs.filter((slot) => storedBytes(slot) === storedBytes(output)).length - 1)
    : 1;

/** The variables that a program reads as bfloat16. */
const copiedVariables = ({ steps }: Program): ReadonlySet<string> =>
  new Set(
    steps.flatMap(({ inputs }) =>
      inputs.filter(({ storage, dtype }) => storage === 'variable' && dtype === 'bfloat16').map(place),
    ),
  );

/** Instructions of warps that a GPU issues per second at most. */
const slotsPerSecond = ({ multiprocessors, clockHz }: Gpu): number => multiprocessors * SCHEDULERS * clockHz;

/** Operations of one instruction that multiplies, of a whole warp: a fused multiply-add of every thread, m16n8k8 or m16n8k16. */
function operationsOfMultiplication(kernel: string): number {
  const precision = Number(/\(Precision\)(\d)/.exec(kernel)?.[1] ?? 0);
  return 2 * ([32, 16 * 8 * 8, 16 * 8 * 16][precision] as number);
}

function resourcesOf(
  { symbol, threads, sharedBytes }: NativeLaunch,
  gpu: Gpu,
): KernelResources & { readonly kernel: string; readonly slots: number | undefined } {
  const entry = resources().kernels[symbol];
  const figures = entry?.on[gpu.architecture];
  if (!entry || !figures) {
    throw new DeviceError(
      'kernel_unknown',
      `cuda/resources.json has no figures of ${entry?.name ?? symbol} for sm_${gpu.architecture}; run \`npm run check:kernels -- --update\``,
    );
  }
  const { registers, shared, slots } = figures;
  return { kernel: entry.name, threads, registers, sharedBytes: sharedBytes + shared, slots };
}

const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0);
