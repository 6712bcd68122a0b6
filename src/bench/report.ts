import { formatMachine } from './machine.ts';
import { fullName } from './op_cases.ts';
import { NAMES, ratesAt, threeDigits } from './rates.ts';
import type { Bench, BenchEntry, BenchResult, Peer } from './result.ts';
import type { Ratio, Spread } from './statistics.ts';

const SIZE_NOTES = {
  published: 'at the published widths',
  small: 'small, for the sake of tfjs (one image, and an eighth of the channels that are multiplied)',
};

/** A benchmark as Markdown: where it was measured, a table for steps and ops of each size, and what else the steps need. */
export function formatBench(bench: Bench): string {
  const sections = (['step', 'op'] as const).flatMap((kind) =>
    (['published', 'small'] as const).map((size) => ({ kind, size })),
  );
  return [
    ...about(bench),
    ...sections.flatMap(({ kind, size }) => {
      const results = bench.results.filter((result) => result.kind === kind && result.size === size);
      if (results.length === 0) return [];
      const title = `${kind === 'step' ? 'Training steps' : 'Ops'} ${SIZE_NOTES[size]}`;
      return ['', `### ${title}`, '', ...table(results), ...notes(results)];
    }),
  ].join('\n');
}

function about({ machine, results, roofline, peers, loadBefore, seconds }: Bench): string[] {
  const named = Object.values(peers);
  const counts = results.map((result) => result.rounds);
  const rounds = new Set([Math.min(...counts), Math.max(...counts)]);
  return [
    `${formatMachine(machine)}. Beside it: ${named.length > 0 ? named.join('; ') : 'no peer'}.`,
    '',
    `Medians and quartiles of ${[...rounds].join(' to ')} rounds, measured in ${(seconds / 60).toFixed(1)} minutes, ` +
      `begun at a load of ${loadBefore.toFixed(1)}. Roofline: the device's own SGEMM, ${spread(roofline.gflops)} GFLOP/s, ` +
      `and its own copy, ${spread(roofline.gbps)} GB/s; a case is compared with their rates of the same round.`,
  ];
}

const spread = ({ median, lower, upper }: Spread): string =>
  `${threeDigits(median)} (${threeDigits(lower)}-${threeDigits(upper)})`;

/** A ratio, unless its spread is larger than the difference. */
export const formatRatio = (ratio: Ratio): string => (ratio.told ? spread(ratio) : `~1, not told apart`);

const percent = ({ median }: Spread): string => `${threeDigits(100 * median)} %`;

function table(results: readonly BenchResult[]): string[] {
  const peers = (['pytorch', 'tfjs'] as const).filter((peer) => results.some((result) => entryOf(result, peer)));
  const steps = results[0]?.kind === 'step';
  const header = [
    ...['case', 'shape', steps ? 'images' : '', 'gannet ms', steps ? 'images/s' : '', 'GFLOP/s', steps ? '' : 'GB/s'],
    'of roofline',
    ...peers.flatMap((peer) => [`${NAMES[peer]} ms`, `times ${NAMES[peer]}`]),
  ].filter((title) => title !== '');
  const rows = results.map((result) => [
    ...cells(result),
    ...peers.flatMap((peer) => peerCells(entryOf(result, peer))),
  ]);
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

function cells(result: BenchResult): string[] {
  const { kind, shape, images, ofRoofline } = result;
  const { ms } = result.entries[0] as BenchEntry;
  const { gflops, gbps, imagesPerSecond } = ratesAt(result, ms.median);
  const cell = (value: number | undefined): string => (value === undefined ? '' : threeDigits(value));
  const rates = kind === 'step' ? [cell(imagesPerSecond), cell(gflops)] : [cell(gflops), cell(gbps)];
  return [
    fullName(result),
    shape,
    ...(kind === 'step' ? [String(images)] : []),
    spread(ms),
    ...rates,
    percent(ofRoofline),
  ];
}

const entryOf = ({ entries }: BenchResult, name: Peer): BenchEntry | undefined =>
  entries.find(({ contestant }) => contestant === name);

const peerCells = (entry: BenchEntry | undefined): string[] =>
  entry ? [spread(entry.ms), entry.ratio ? formatRatio(entry.ratio) : ''] : ['', ''];

const megabytes = (bytes: number | undefined): string => `${((bytes ?? 0) / 1e6).toFixed(0)} MB`;

function notes(results: readonly BenchResult[]): string[] {
  const lines = results.flatMap(stepLine);
  return lines.length > 0 ? ['', ...lines] : [];
}

/** What a step needs beside time. */
function stepLine(result: BenchResult): string[] {
  const { kind, size, flops, entries } = result;
  const { details } = entries[0] as BenchEntry;
  if (kind !== 'step' || size !== 'published' || !details) return [];
  const { arenaBytes, workspaceBytes, variableBytes, crossingsPerStep, outsideNative = 0, timerDelayMs = 0 } = details;
  const pytorch = entries.find(({ contestant }) => contestant === 'pytorch')?.details;
  const line = [
    `- ${fullName(result)}: ${(flops / 1e9).toFixed(0)} GFLOP`,
    `arena ${megabytes(arenaBytes)}, workspace ${megabytes(workspaceBytes)}, variables ${megabytes(variableBytes)}` +
      (pytorch ? ` (PyTorch ${megabytes(pytorch.peakGpuBytes ?? pytorch.peakRssBytes)} in all)` : ''),
    `${crossingsPerStep} Node-API crossing, ${(100 * outsideNative).toFixed(2)} % of the time outside native code`,
    `a 10 ms timer fires ${timerDelayMs.toFixed(1)} ms late at the 99th percentile`,
  ].join('; ');
  return [line];
}
