// `npm run count:steps`: what training steps cost by the counting model (src/device/cost_model.ts), which are the figures of
// docs/kernels.md. It measures nothing, and needs the addon with the simulator and no GPU.

import { loadAddon } from '../../src/device/addon.ts';
import { bfloat16Storage } from '../../src/device/bfloat16_operands.ts';
import {
  countCost,
  GPUS,
  type Gpu,
  type LaunchCost,
  type Precision,
  type ProgramCost,
} from '../../src/device/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { type Slot, type Step, storedBytes } from '../../src/graph/program.ts';
import { resolveConfig } from '../../src/models/index.ts';
import type { OpAttributes, OpName } from '../../src/tensor/operators.ts';
import type { Graph } from '../../src/tensor/trace.ts';
import { createModel } from '../../src/train/index.ts';
import { MODELS, type ModelName } from './models.ts';

interface Counted {
  readonly graph: Graph;
  readonly cost: ProgramCost;
  readonly repeats: number;
}

interface StepCost {
  readonly launches: number;
  readonly gigabytes: number;
  readonly arenaMegabytes: number;
  readonly floorMs: number;
  readonly programs: readonly Counted[];
}

const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0);

function costOfStep(model: ModelName, gpu: Gpu, precision: Precision): StepCost {
  const programs = createModel(resolveConfig(MODELS[model])).match.programs.map(({ trace, repeats }) => {
    const graph = trace();
    return { graph, cost: countCost(graph, gpu, precision), repeats: repeats.usual };
  });
  const total = (value: (cost: ProgramCost) => number): number =>
    sum(programs, ({ cost, repeats }) => value(cost) * repeats);
  return {
    launches: total(({ launches }) => launches.length),
    gigabytes: total(({ bytes }) => bytes) / 1e9,
    arenaMegabytes: Math.max(...programs.map(({ cost }) => cost.arenaBytes)) / 1e6,
    floorMs: total(({ floorMs }) => floorMs),
    programs,
  };
}

/** Launches, bytes, time, and share of the step's time of the kernels whose name matches. */
function figuresOfKernels({ programs, floorMs }: StepCost, kernel: RegExp): readonly string[] {
  const of = (value: (launch: LaunchCost) => number): number =>
    sum(
      programs,
      ({ cost, repeats }) =>
        repeats *
        sum(
          cost.launches.filter(({ kernel: name }) => kernel.test(name)),
          value,
        ),
    );
  const ms = of(({ rooflineMs }) => rooflineMs);
  return [
    `${of(() => 1)}`,
    of(({ bytes }) => bytes / 1e9).toFixed(2),
    ms.toFixed(2),
    `${((100 * ms) / floorMs).toFixed(0)} %`,
  ];
}

const sameArenaPlace = (a: Slot, b: Slot): boolean =>
  a.storage === 'arena' && b.storage === 'arena' && a.offset === b.offset;

/** What statistics of channels read of the results of epilogues with an expression, in bfloat16. */
function readAgain(graph: Graph, { launches }: ProgramCost): { launches: number; bytes: number } {
  const claims = new Set(loadAddon().supportedOps('simt') as OpName[]);
  const { steps } = compile(graph, claims, bfloat16Storage('simt'));
  const products = new Set(launches.filter(({ epilogue }) => epilogue === 'expression').map(({ step }) => step));
  const results = [...products].flatMap((product) => {
    const { output } = steps[product + 1] as Step;
    const later = steps.slice(product + 2);
    const end = later.findIndex((step) => sameArenaPlace(step.output, output));
    return later
      .slice(0, end < 0 ? undefined : end + 1)
      .some((step) => isOfChannels(step) && step.inputs.some((input) => sameArenaPlace(input, output)))
      ? [storedBytes(output)]
      : [];
  });
  return { launches: results.length, bytes: sum(results, (bytes) => bytes) };
}

const isOfChannels = ({ op, attributes }: Step): boolean => {
  if (!op.startsWith('reduce')) return false;
  const [outer, , inner] = (attributes as OpAttributes['reduceMoments']).extent;
  return outer === 1 && inner > 1;
};

function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}\n`);
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
}

const names = Object.keys(MODELS) as ModelName[];
const { a100, h100, t4 } = GPUS;

printTable(
  'Programs in tf32 on an A100',
  ['', 'launches', 'GB moved', 'arena MB'],
  names.flatMap((model) =>
    costOfStep(model, a100, 'tf32').programs.map(({ cost }) => [
      `${model}, ${cost.name}`,
      `${cost.launches.length}`,
      (cost.bytes / 1e9).toFixed(2),
      (cost.arenaBytes / 1e6).toFixed(0),
    ]),
  ),
);

printTable(
  'Steps in bfloat16 beside tf32, which keeps all values as float32',
  ['', 'launches', 'GB moved', 'arena MB', 'floor ms, A100', 'floor ms, H100'],
  names.flatMap((model) =>
    (['tf32', 'bfloat16'] as const).map((precision) => {
      const [on, newer] = [a100, h100].map((gpu) => costOfStep(model, gpu, precision)) as [StepCost, StepCost];
      const figures = [on.gigabytes, on.arenaMegabytes, on.floorMs, newer.floorMs];
      const digits = [2, 0, 1, 1];
      return [`${model}, ${precision}`, `${on.launches}`, ...figures.map((figure, k) => figure.toFixed(digits[k]))];
    }),
  ),
);

for (const [what, kernel] of [
  ['updates of weights', /^optimizer_kernel/],
  ['expressions of every element, compiled', /^elementwise_pattern_kernel/],
  ['expressions of every element, interpreted', /^elementwise_kernel/],
  ['sums over columns', /^reduce_columns_kernel/],
] as const) {
  printTable(
    `In bfloat16 on an H100: ${what}`,
    ['', 'launches', 'GB moved', 'ms', 'of the floor'],
    names.map((model) => [model, ...figuresOfKernels(costOfStep(model, h100, 'bfloat16'), kernel)]),
  );
}

printTable(
  'In bfloat16 on an H100: statistics of the results of epilogues with an expression, if the epilogues took them too',
  ['', 'launches', 'GB saved', 'of the floor'],
  names.map((model) => {
    const step = costOfStep(model, h100, 'bfloat16');
    const found = step.programs.map(({ cost, graph, repeats }) => ({ ...readAgain(graph, cost), repeats }));
    const bytes = sum(found, ({ bytes: each, repeats }) => each * repeats);
    const percent = (100 * (1e3 * bytes)) / h100.bytesPerSecond / step.floorMs;
    return [
      model,
      `${sum(found, ({ launches, repeats }) => launches * repeats)}`,
      (bytes / 1e9).toFixed(2),
      `${percent.toFixed(1)} %`,
    ];
  }),
);

console.log(`\nThe DCGAN in float32 on a T4: ${costOfStep('DCGAN', t4, 'float32').floorMs.toFixed(0)} ms`);
