import { drawText, textWidth } from '../explore/svg_text.ts';
import { formatMachine } from './machine.ts';
import { NAMES, ratesAt, threeDigits } from './rates.ts';
import type { Bench, BenchEntry, BenchResult } from './result.ts';

const COLORS: Record<BenchEntry['contestant'], string> = { gannet: '#2563eb', pytorch: '#ea580c', tfjs: '#7c3aed' };
const INK = { text: '#111', faint: '#666', grid: '#ddd', roofline: '#b91c1c', whisker: '#111' };
const TITLES = {
  published: 'published widths',
  small: 'small: one image, an eighth of the channels',
};

/** Scale of most text; what stands above and below a panel is smaller. */
const TEXT = 1.5;
const WIDTH = { labels: 215, plot: 250, value: 125 };
const HEIGHT = { title: 36, fact: 12, panelHead: 48, heading: 26, bar: 10, line: 13, gap: 7, foot: 24 };
const MARGIN = 12;
/** Tops of the lines above a panel, which begins at 0. */
const TOPS = { title: -42, legend: -29, axis: -11 };

const TITLE = 'Speed against the roofline';

/** How fast everything ran as an SVG picture: bars of the share that each contestant reaches of what the device's own product and copy
 *  allow, on a logarithmic scale; a panel for each size, with the roofline at 100 %. */
export function drawBench(bench: Bench): string {
  const rows = rowsOf(bench.results);
  const panels = (['published', 'small'] as const)
    .map((size) => bench.results.filter((result) => result.size === size))
    .filter((results) => results.length > 0);
  const width = WIDTH.labels + panels.length * (WIDTH.plot + WIDTH.value);
  const facts = factsOf(bench).flatMap((text) => wrap(text, width - 2 * MARGIN));
  const top = HEIGHT.title + facts.length * HEIGHT.fact + HEIGHT.panelHead;
  const { bottom } = rows.at(-1) as Row;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top + bottom + HEIGHT.foot}">`,
    `<title>${TITLE}</title>`,
    '<rect width="100%" height="100%" fill="white"/>',
    drawText(TITLE, MARGIN, MARGIN, INK.text, 2),
    ...facts.map((text, i) => drawText(text, MARGIN, HEIGHT.title + i * HEIGHT.fact, INK.faint)),
    `<g transform="translate(0 ${top})">`,
    ...rows.flatMap(drawLabels),
    ...panels.map((results, i) => {
      const left = WIDTH.labels + i * (WIDTH.plot + WIDTH.value);
      return `<g transform="translate(${left} 0)">\n${drawPanel(results, rows, bottom).join('\n')}\n</g>`;
    }),
    '</g>',
    '</svg>',
  ].join('\n');
}

const factsOf = ({ machine, roofline, peers }: Bench): string[] => [
  formatMachine(machine),
  ...Object.values(peers).filter((peer) => peer !== undefined),
  `Logarithmic; lines are quartiles; 100 % = the device's own SGEMM, ${threeDigits(roofline.gflops.median)} GFLOP/s, ` +
    `or its own copy, ${threeDigits(roofline.gbps.median)} GB/s`,
];

/** Lines of words, none wider than `width` unless a word is. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The place of a case in every panel, below the top of the panels. */
interface Row {
  readonly group: string;
  readonly name: string;
  /** Whether it is the first of its group, whose heading stands above it. */
  readonly first: boolean;
  readonly top: number;
  readonly bottom: number;
}

function rowsOf(results: readonly BenchResult[]): Row[] {
  const rows: Row[] = [];
  for (const { group, name } of results) {
    if (rows.some((row) => row.group === group && row.name === name)) continue;
    const lines = Math.max(...results.filter((r) => r.group === group && r.name === name).map((r) => r.entries.length));
    const first = rows.at(-1)?.group !== group;
    const top = (rows.at(-1)?.bottom ?? 0) + (first ? HEIGHT.heading : 0);
    rows.push({ group, name, first, top, bottom: top + lines * HEIGHT.line + HEIGHT.gap });
  }
  return rows;
}

const drawLabels = ({ group, name, first, top }: Row): string[] => [
  ...(first ? [drawText(group, MARGIN, top - HEIGHT.heading + 9, INK.text, TEXT)] : []),
  drawText(name, MARGIN + 10, top + 1, INK.faint, TEXT),
];

/** The least and the largest power of ten on the axis. */
interface Axis {
  readonly low: number;
  readonly high: number;
}

function drawPanel(results: readonly BenchResult[], rows: readonly Row[], bottom: number): string[] {
  const axis = axisOf(results);
  const x = (share: number) => (WIDTH.plot * (Math.log10(share) - axis.low)) / (axis.high - axis.low);
  const decades = Array.from({ length: Math.floor(axis.high) - axis.low + 1 }, (_, i) => axis.low + i);
  const [{ size }] = results as [BenchResult, ...BenchResult[]];
  const contestants = new Set(results.flatMap(({ entries }) => entries.map(({ contestant }) => contestant)));
  return [
    drawText(TITLES[size], 0, TOPS.title, INK.text),
    ...legend([...contestants]),
    ...decades.map((decade) => drawTick(x(10 ** decade), decade, bottom)),
    ...results.flatMap((result) => {
      const row = rows.find(({ group, name }) => group === result.group && name === result.name) as Row;
      return result.entries.flatMap((entry, i) => drawBar(result, entry, row.top + i * HEIGHT.line, x));
    }),
  ];
}

/** What a contestant reaches of the roofline, when it takes `ms`. */
function shareAt({ ofRoofline, entries }: BenchResult, ms: number): number {
  const [gannet] = entries as [BenchEntry, ...BenchEntry[]];
  return (ofRoofline.median * gannet.ms.median) / ms;
}

/** From the power of ten below the slowest to a little beyond the fastest, the roofline included. */
function axisOf(results: readonly BenchResult[]): Axis {
  const shares = results.flatMap((result) =>
    result.entries.flatMap(({ ms }) => [ms.lower, ms.upper].map((time) => Math.log10(shareAt(result, time)))),
  );
  return { low: Math.floor(Math.min(...shares, -1)), high: Math.max(...shares, 0) + 0.1 };
}

function drawTick(x: number, decade: number, bottom: number): string {
  const roofline = decade === 0;
  const [color, stroke] = roofline ? [INK.roofline, 1.5] : [INK.grid, 1];
  const label = `${Number((10 ** (decade + 2)).toPrecision(1))} %`;
  const written = (text: string, top: number) =>
    drawText(text, x - textWidth(text) / 2, top, roofline ? INK.roofline : INK.faint);
  return [
    `<line x1="${x}" x2="${x}" y1="0" y2="${bottom}" stroke="${color}" stroke-width="${stroke}"/>`,
    written(label, TOPS.axis),
    written(label, bottom + 6),
  ].join('');
}

function legend(contestants: readonly BenchEntry['contestant'][]): string[] {
  return contestants.map((contestant, i) => {
    const square = `<rect x="${i * 70}" y="${TOPS.legend}" width="7" height="7" fill="${COLORS[contestant]}"/>`;
    return square + drawText(NAMES[contestant], i * 70 + 12, TOPS.legend, INK.text);
  });
}

/** A bar with its quartiles and the rate it stands for. */
function drawBar(
  result: BenchResult,
  { contestant, ms }: BenchEntry,
  top: number,
  x: (share: number) => number,
): string[] {
  const end = x(shareAt(result, ms.median));
  const [from, to] = [x(shareAt(result, ms.upper)), x(shareAt(result, ms.lower))];
  const middle = top + HEIGHT.bar / 2;
  const { gflops, gbps } = ratesAt(result, ms.median);
  const rate = gflops === undefined ? `${threeDigits(gbps ?? 0)} GB/s` : `${threeDigits(gflops)} GFLOP/s`;
  const left = Math.max(end, to) + 5;
  // White beneath the figures, so that no line of the grid crosses them.
  const blank = `<rect x="${left - 2}" y="${top - 1}" width="${textWidth(rate, TEXT) + 2}" height="${HEIGHT.line}" fill="white"/>`;
  return [
    `<rect x="0" y="${top}" width="${end}" height="${HEIGHT.bar}" fill="${COLORS[contestant]}"/>`,
    `<line x1="${from}" x2="${to}" y1="${middle}" y2="${middle}" stroke="${INK.whisker}"/>`,
    blank + drawText(rate, left, top, INK.faint, TEXT),
  ];
}
