import type { Bench } from './bench.ts';
import type { RecipeBench } from './recipe_bench.ts';
import type { Spread } from './statistics.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const spread = ({ median, lowest, highest }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${lowest.toFixed(digits)}-${highest.toFixed(digits)})`;

const HEADER = ['recipe', 'batch', '', 'ms per step', 'images/s', 'GFLOP/s', 'memory', 'times PyTorch'];

/** The benchmark as a Markdown table and a few lines beneath it. */
export function formatBench({ machine, recipes, timerDelayMs: { idle, training } }: Bench): string {
  const rows = [HEADER, HEADER.map(() => '---'), ...recipes.flatMap(recipeRows)];
  return [
    `Training steps at the published widths, on ${machine}; medians, and the lowest and highest`,
    '',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    ...recipes.map(recipeLine),
    `- delay of a 10 ms timer, 99th percentile: ${idle.toFixed(1)} ms idle, ${training.toFixed(1)} ms while training`,
    ...(recipes.some(({ pytorch }) => pytorch) ? [] : ['- PyTorch: not installed']),
  ].join('\n');
}

const rates = ({ imagesPerSecond, gflops }: { imagesPerSecond: number; gflops: number }): string[] => [
  imagesPerSecond.toFixed(2),
  gflops.toFixed(0),
];

function recipeRows({ recipe, size, batch, gannet, pytorch }: RecipeBench): string[][] {
  const memory = gannet.arenaBytes + gannet.workspaceBytes + gannet.variableBytes;
  const name = `${recipe} ${size}x${size}`;
  const speedup = pytorch ? spread(pytorch.speedup, 2) : '';
  const own = [name, String(batch), 'gannet', spread(gannet.stepMs, 0), ...rates(gannet), megabytes(memory), speedup];
  if (!pytorch) return [own];
  const { torchVersion, memoryFormat, blas, stepMs, peakRssBytes } = pytorch;
  const peer = `PyTorch ${torchVersion} (${memoryFormat}, ${blas})`;
  return [own, [name, String(batch), peer, spread(stepMs, 0), ...rates(pytorch), megabytes(peakRssBytes), '1']];
}

function recipeLine({ recipe, flopsPerStep, imagesPerStep, sgemmGflops, gannet }: RecipeBench): string {
  const { arenaBytes, workspaceBytes, variableBytes } = gannet;
  return [
    `- ${recipe}: ${(flopsPerStep / 1e9).toFixed(0)} GFLOP and ${imagesPerStep} images per step`,
    `${(100 * gannet.ofSgemm).toFixed(0)} % of oneDNN's SGEMM, ${spread(sgemmGflops, 0)} GFLOP/s in the same rounds`,
    `arena ${megabytes(arenaBytes)}, workspace ${megabytes(workspaceBytes)}, variables ${megabytes(variableBytes)}`,
    `${gannet.crossingsPerStep} Node-API crossing per step, ${(100 * gannet.outsideNative).toFixed(2)} % of the time outside native code`,
  ].join('; ');
}
