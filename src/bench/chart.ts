import type { Axis, GroupMark, Mark, Spec } from 'vega';
import { FONT, INK, PALETTE, type Theme } from '../charts/theme.ts';
import { configOf, drawSpec } from '../charts/vega.ts';
import { formatMachine } from './machine.ts';
import { NAMES, ratesAt, threeDigits } from './rates.ts';
import type { Bench, BenchEntry, BenchResult } from './result.ts';

const CONTESTANTS: readonly BenchEntry['contestant'][] = ['gannet', 'pytorch', 'tfjs'];
const TITLES = {
  published: 'published widths',
  small: 'small: one image, an eighth of the channels',
};

const TITLE = 'Speed against the roofline';

/** Pixels, of which a row has one `bar` for each contestant. */
const WIDTH = { labels: 215, plot: 300, rate: 110 };
const HEIGHT = { heading: 28, bar: 13, gap: 7 };
/** Part of its height that a bar fills. */
const FILLED = 0.8;

/** How fast everything ran as an SVG drawing: bars of the share that each contestant reaches of what the device's own product and copy
 *  allow, on a logarithmic scale; a panel for each size, with the roofline at 100 %. */
export function drawBench(bench: Bench, theme: Theme = 'light'): Promise<string> {
  const rows = rowsOf(bench.results);
  const panels = (['published', 'small'] as const)
    .map((size) => bench.results.filter((result) => result.size === size))
    .filter((results) => results.length > 0);
  const spec: Spec = {
    background: INK[theme].page,
    padding: 14,
    config: configOf(theme),
    title: {
      text: TITLE,
      subtitle: factsOf(bench),
      fontSize: 18,
      subtitleFont: FONT,
      subtitleColor: INK[theme].faint,
      anchor: 'start',
      frame: 'bounds',
      offset: 18,
    },
    marks: [labels(rows, theme), ...panels.map((results, i) => panelMark(results, rows, i, theme))],
  };
  return drawSpec(spec);
}

const factsOf = ({ machine, roofline, peers }: Bench): string[] => [
  formatMachine(machine),
  ...Object.values(peers).filter((peer) => peer !== undefined),
  `Logarithmic; lines are quartiles; 100 % = the device's own SGEMM, ${threeDigits(roofline.gflops.median)} GFLOP/s, ` +
    `or its own copy, ${threeDigits(roofline.gbps.median)} GB/s`,
];

/** The place of a case in every panel. */
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
    const bars = Math.max(...results.filter((r) => r.group === group && r.name === name).map((r) => r.entries.length));
    const first = rows.at(-1)?.group !== group;
    const top = (rows.at(-1)?.bottom ?? 0) + (first ? HEIGHT.heading : 0);
    rows.push({ group, name, first, top, bottom: top + bars * HEIGHT.bar + HEIGHT.gap });
  }
  return rows;
}

/** Names of groups and cases, left of the panels. */
function labels(rows: readonly Row[], theme: Theme): Mark {
  const lines = rows.flatMap(({ group, name, first, top }) => [
    ...(first ? [{ text: group, x: 0, y: top - HEIGHT.heading / 4, heading: true }] : []),
    { text: name, x: 10, y: top + HEIGHT.bar / 2, heading: false },
  ]);
  return {
    type: 'group',
    data: [{ name: 'lines', values: lines }],
    marks: [
      {
        type: 'text',
        from: { data: 'lines' },
        encode: {
          update: {
            x: { field: 'x' },
            y: { field: 'y' },
            text: { field: 'text' },
            baseline: { value: 'middle' },
            fontWeight: [{ test: 'datum.heading', value: 'bold' }, { value: 'normal' }],
            fill: [{ test: 'datum.heading', value: INK[theme].text }, { value: INK[theme].faint }],
          },
        },
      },
    ],
  };
}

function panelMark(results: readonly BenchResult[], rows: readonly Row[], index: number, theme: Theme): GroupMark {
  const [{ size }] = results as [BenchResult, ...BenchResult[]];
  const bars = results.flatMap((result) => barsOf(result, rows));
  const bottom = rows.at(-1)?.bottom ?? 0;
  const domain = domainOf(bars);
  const present = CONTESTANTS.filter((contestant) => bars.some((bar) => bar.contestant === NAMES[contestant]));
  return {
    type: 'group',
    title: { text: TITLES[size], anchor: 'start', frame: 'group', offset: 8 },
    signals: [
      { name: 'width', value: WIDTH.plot },
      { name: 'height', value: bottom },
    ],
    encode: {
      update: {
        x: { value: WIDTH.labels + index * (WIDTH.plot + WIDTH.rate) },
        width: { value: WIDTH.plot },
        height: { value: bottom },
      },
    },
    data: [{ name: 'bars', values: bars }],
    scales: [
      { name: 'share', type: 'log', domain, range: [0, WIDTH.plot] },
      { name: 'color', type: 'ordinal', domain: CONTESTANTS.map((name) => NAMES[name]), range: [...PALETTE[theme]] },
      { name: 'present', type: 'ordinal', domain: present.map((name) => NAMES[name]), range: colorsOf(present, theme) },
    ],
    axes: [axis('top', domain), axis('bottom', domain)],
    legends: [{ fill: 'present', symbolType: 'square', orient: 'top', direction: 'horizontal' }],
    marks: [roofline(bottom, theme), BAR, whisker(theme), rate(theme, true), rate(theme, false)],
  };
}

const colorsOf = (contestants: readonly BenchEntry['contestant'][], theme: Theme): string[] =>
  contestants.map((contestant) => PALETTE[theme][CONTESTANTS.indexOf(contestant)] as string);

/** A contestant's time for a case, as shares of the roofline. */
interface Bar {
  readonly contestant: string;
  readonly top: number;
  readonly share: number;
  readonly lower: number;
  readonly upper: number;
  readonly rate: string;
}

function barsOf(result: BenchResult, rows: readonly Row[]): Bar[] {
  const row = rows.find(({ group, name }) => group === result.group && name === result.name) as Row;
  return result.entries.map(({ contestant, ms }, i) => {
    const { gflops, gbps } = ratesAt(result, ms.median);
    return {
      contestant: NAMES[contestant],
      top: row.top + i * HEIGHT.bar,
      share: shareAt(result, ms.median),
      lower: shareAt(result, ms.upper),
      upper: shareAt(result, ms.lower),
      rate: gflops === undefined ? `${threeDigits(gbps ?? 0)} GB/s` : `${threeDigits(gflops)} GFLOP/s`,
    };
  });
}

/** What a contestant reaches of the roofline, when it takes `ms`. */
function shareAt({ ofRoofline, entries }: BenchResult, ms: number): number {
  const [gannet] = entries as [BenchEntry, ...BenchEntry[]];
  return (ofRoofline.median * gannet.ms.median) / ms;
}

/** From the power of ten below the slowest to a little beyond the fastest, the roofline included. */
function domainOf(bars: readonly Bar[]): [number, number] {
  const lowest = Math.min(...bars.map(({ lower }) => lower), 0.1);
  return [10 ** Math.floor(Math.log10(lowest)), 1.25 * Math.max(...bars.map(({ upper }) => upper), 1)];
}

/** Every power of ten within the domain, in per cent. */
function axis(orient: 'top' | 'bottom', [low, high]: readonly [number, number]): Axis {
  const decades = Math.floor(Math.log10(high) - Math.log10(low) + 1e-9);
  const values = Array.from({ length: decades + 1 }, (_, i) => low * 10 ** i);
  return { orient, scale: 'share', values, format: '~%', grid: orient === 'top', ticks: false, domain: false };
}

const BAR: Mark = {
  type: 'rect',
  from: { data: 'bars' },
  encode: {
    update: {
      x: { value: 0 },
      x2: { scale: 'share', field: 'share' },
      y: { field: 'top' },
      height: { value: FILLED * HEIGHT.bar },
      fill: { scale: 'color', field: 'contestant' },
    },
  },
};

/** The quartiles of a bar. */
const whisker = (theme: Theme): Mark => ({
  type: 'rule',
  from: { data: 'bars' },
  encode: {
    update: {
      x: { scale: 'share', field: 'lower' },
      x2: { scale: 'share', field: 'upper' },
      y: { signal: `datum.top + ${(FILLED * HEIGHT.bar) / 2}` },
      stroke: { value: INK[theme].text },
    },
  },
});

/** What a bar stands for, behind it. Its `halo` keeps the lines of the grid away from the figures. */
const rate = (theme: Theme, halo: boolean): Mark => ({
  type: 'text',
  from: { data: 'bars' },
  encode: {
    update: {
      x: { signal: "scale('share', max(datum.share, datum.upper)) + 5" },
      y: { signal: `datum.top + ${(FILLED * HEIGHT.bar) / 2}` },
      text: { field: 'rate' },
      baseline: { value: 'middle' },
      fontSize: { value: 10 },
      fill: { value: INK[theme].faint },
      ...(halo && { stroke: { value: INK[theme].page }, strokeWidth: { value: 4 } }),
    },
  },
});

const roofline = (bottom: number, theme: Theme): Mark => ({
  type: 'rule',
  encode: {
    update: {
      x: { scale: 'share', value: 1 },
      y: { value: 0 },
      y2: { value: bottom },
      stroke: { value: INK[theme].warning },
      strokeWidth: { value: 1.5 },
    },
  },
});
