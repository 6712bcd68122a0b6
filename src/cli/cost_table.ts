import type { Gpu, LaunchCost, ProgramCost } from '../device/index.ts';
import { formatTable, type Row } from './table.ts';
import { formatBytes, formatFlops } from './units.ts';

/** One of a training step's programs, and how often a step runs it. */
export interface CountedProgram {
  readonly cost: ProgramCost;
  readonly repeats: number;
}

/** What a step should cost on a GPU, for people: the totals, then what each kernel and each layer takes, and with `launches` every launch. */
export function formatCost(
  programs: readonly CountedProgram[],
  gpu: Gpu,
  { precision, launches = false }: { readonly precision: string; readonly launches?: boolean },
): string {
  const label = `A model of a step on ${gpu.name} in ${precision}, counted and not measured`;
  const all = programs.flatMap(({ cost, repeats }) => Array.from({ length: repeats }, () => cost.launches).flat());
  return [
    `${label}\n${formatTotals(programs)}`,
    formatGroups('kernel', all, ({ kernel }) => familyOf(kernel)),
    formatGroups('layer', all, ({ scope }) => scope || 'in none'),
    ...(launches ? programs.map(formatLaunches) : ['--launches lists every launch.']),
  ].join('\n\n');
}

function formatTotals(programs: readonly CountedProgram[]): string {
  const total = (of: (cost: ProgramCost) => number) => programs.reduce((sum, p) => sum + of(p.cost) * p.repeats, 0);
  return formatTable([
    ['operations', `${formatFlops(total(({ flops }) => flops))} in products per step`],
    ['memory', `${formatBytes(total(({ bytes }) => bytes))} moved per step`],
    ['arena', `${formatBytes(Math.max(...programs.map(({ cost }) => cost.arenaBytes)))} of activations and gradients`],
    ['launches', `${total(({ launches }) => launches.length)} per step`],
    [
      'floor',
      `${total(({ floorMs }) => floorMs).toFixed(2)} ms: every launch at the data sheet's peaks, and no faster than its instructions can be issued`,
    ],
    ['model', `${total(({ modelMs }) => modelMs).toFixed(2)} ms with unfilled waves and launches`],
  ]);
}

/** What the launches of a step that have something in common take together, the slowest first. */
function formatGroups(
  heading: string,
  launches: readonly LaunchCost[],
  groupOf: (launch: LaunchCost) => string,
): string {
  const names = [...new Set(launches.map(groupOf))];
  const sum = (of: readonly LaunchCost[], figure: 'flops' | 'bytes' | 'rooflineMs' | 'modelMs') =>
    of.reduce((total, launch) => total + launch[figure], 0);
  const stepMs = sum(launches, 'modelMs');
  const rows = names
    .map((name) => ({ name, of: launches.filter((launch) => groupOf(launch) === name) }))
    .map((group) => ({ ...group, modelMs: sum(group.of, 'modelMs') }))
    .sort((a, b) => b.modelMs - a.modelMs)
    .map(({ name, of, modelMs }) => [
      name,
      String(of.length),
      formatFlops(sum(of, 'flops')),
      formatBytes(sum(of, 'bytes')),
      sum(of, 'rooflineMs').toFixed(3),
      modelMs.toFixed(3),
      `${((100 * modelMs) / stepMs).toFixed(1)} %`,
    ]);
  const headings = [heading, 'launches', 'operations', 'bytes', 'roofline ms', 'model ms', 'share'];
  return formatTable([headings, ...rows], { right: [1, 2, 3, 4, 5, 6] });
}

const LAUNCH_HEADINGS = [
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

function formatLaunches({ cost, repeats }: CountedProgram): string {
  const table = formatTable([LAUNCH_HEADINGS, ...cost.launches.map(rowOf)], { right: [3, 4, 5, 6, 7, 8, 9] });
  return `${cost.name}, ${repeats} a step\n${table}`;
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

/** `conv2d_forward` of `conv2d_forward_kernel<Tile<...>, ...>`. */
const familyOf = (kernel: string): string => kernel.replace(/_kernel\b.*$/s, '');

/** A compiled expression's name spells its instructions out, which are long. */
const shortName = (kernel: string): string =>
  kernel.replace(/<(?:\(Values\)\d, )?(?:Pattern|Statistic)<.*$/, '').replaceAll('(Precision)', 'precision ');
