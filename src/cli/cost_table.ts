import type { Gpu, LaunchCost, ProgramCost } from '../device/index.ts';
import { formatTable, type Row } from './table.ts';
import { formatBytes, formatFlops } from './units.ts';

/** One of a training step's programs, and how often a step runs it. */
export interface CountedProgram {
  readonly cost: ProgramCost;
  readonly repeats: number;
}

const HEADINGS = [
  'op',
  'layer',
  'kernel',
  'operations',
  'bytes',
  'blocks',
  'waves',
  'occupancy',
  'roofline ms',
  'share',
];
const NUMBERS = [3, 4, 5, 6, 7, 8, 9];

/** What a step should cost on a GPU, launch by launch, for people. */
export function formatCost(programs: readonly CountedProgram[], gpu: Gpu, precision: string): string {
  const total = (of: (cost: ProgramCost) => number) => programs.reduce((sum, p) => sum + of(p.cost) * p.repeats, 0);
  const tables = programs.map(({ cost, repeats }) =>
    [`${cost.name}, ${repeats} a step`, formatTable([HEADINGS, ...cost.launches.map(rowOf)], { right: NUMBERS })].join(
      '\n',
    ),
  );
  const totals: Row[] = [
    ['operations', `${formatFlops(total(({ flops }) => flops))} in products per step`],
    ['memory', `${formatBytes(total(({ bytes }) => bytes))} moved per step`],
    ['arena', `${formatBytes(Math.max(...programs.map(({ cost }) => cost.arenaBytes)))} of activations and gradients`],
    ['launches', `${total(({ launches }) => launches.length)} per step`],
    [
      'floor',
      `${total(({ floorMs }) => floorMs).toFixed(2)} ms: every launch at the data sheet's peaks, and no faster than its instructions can be issued`,
    ],
    ['model', `${total(({ modelMs }) => modelMs).toFixed(2)} ms with unfilled waves and launches`],
  ];
  const label = `A model of a step on ${gpu.name} in ${precision}, counted and not measured`;
  return [...tables, label, formatTable(totals)].join('\n\n');
}

const rowOf = (launch: LaunchCost): Row => [
  launch.op,
  launch.scope,
  shortName(launch.kernel),
  formatFlops(launch.flops),
  formatBytes(launch.bytes),
  String(launch.blocks),
  launch.waves.toFixed(2),
  `${(100 * launch.occupancy).toFixed(0)} %`,
  launch.rooflineMs.toFixed(4),
  `${(100 * launch.share).toFixed(1)} %`,
];

/** A compiled expression's name spells its instructions out, which are long. */
const shortName = (kernel: string): string =>
  kernel.replace(/<(?:\(Values\)\d, )?(?:Pattern|Statistic)<.*$/, '').replaceAll('(Precision)', 'precision ');
