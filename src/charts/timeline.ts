import type { Spec } from 'vega';
import { INK, PALETTE, type Theme } from './theme.ts';
import { configOf, drawSpec } from './vega.ts';

/** What happened on one line of a time line. */
export interface TimelineRow {
  readonly name: string;
  /** Where the line begins and ends. */
  readonly from: number;
  readonly to: number;
  readonly events: readonly { readonly x: number; readonly kind: string }[];
}

/** How a time line is drawn. */
export interface TimelineOptions {
  /** What x is and its unit. */
  readonly xTitle: string;
  /** Default: light. */
  readonly theme?: Theme | undefined;
}

const WIDTH = 380;
const ROW_HEIGHT = 30;
/** Pixels of a row's name. */
const NAME_WIDTH = 110;
/** Square pixels of an event. */
const EVENT_AREA = 90;

/** Rows below one another on which events are marked, as an SVG drawing. Each kind of event has a colour and a shape of its own. */
export function drawTimeline(
  rows: readonly TimelineRow[],
  { xTitle, theme = 'light' }: TimelineOptions,
): Promise<string> {
  const { page, line } = INK[theme];
  const kinds = [...new Set(rows.flatMap(({ events }) => events.map(({ kind }) => kind)))];
  const spec: Spec = {
    background: page,
    padding: 14,
    width: WIDTH,
    height: ROW_HEIGHT * rows.length,
    config: configOf(theme),
    data: [
      { name: 'rows', values: rows.map(({ name, from, to }) => ({ name, from, to })) },
      { name: 'events', values: rows.flatMap(({ name, events }) => events.map((event) => ({ name, ...event }))) },
    ],
    scales: [
      {
        name: 'x',
        type: 'linear',
        domain: {
          fields: [
            { data: 'rows', field: 'from' },
            { data: 'rows', field: 'to' },
            { data: 'events', field: 'x' },
          ],
        },
        range: 'width',
        zero: false,
      },
      { name: 'y', type: 'point', domain: rows.map(({ name }) => name), range: 'height', padding: 0.5 },
      { name: 'color', type: 'ordinal', domain: kinds, range: [...PALETTE[theme]] },
      { name: 'shape', type: 'ordinal', domain: kinds, range: ['triangle-up', 'circle', 'square', 'diamond', 'cross'] },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', tickCount: 6, title: xTitle, labelFlush: true },
      { orient: 'left', scale: 'y', ticks: false, domain: false, labelLimit: NAME_WIDTH, labelPadding: 8 },
    ],
    legends: kinds.length > 0 ? [{ fill: 'color', shape: 'shape', orient: 'top', direction: 'horizontal' }] : [],
    marks: [
      {
        type: 'rule',
        from: { data: 'rows' },
        encode: {
          update: {
            x: { scale: 'x', field: 'from' },
            x2: { scale: 'x', field: 'to' },
            y: { scale: 'y', field: 'name' },
            stroke: { value: line },
            strokeWidth: { value: 2 },
          },
        },
      },
      {
        type: 'symbol',
        from: { data: 'events' },
        encode: {
          update: {
            x: { scale: 'x', field: 'x' },
            y: { scale: 'y', field: 'name' },
            fill: { scale: 'color', field: 'kind' },
            shape: { scale: 'shape', field: 'kind' },
            size: { value: EVENT_AREA },
          },
        },
      },
    ],
  };
  return drawSpec(spec);
}
