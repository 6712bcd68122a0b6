import { useEffect, useRef, useState } from 'preact/hooks';
import type { Axis, Points, RunDetail, RunSummary, SeriesReply, SeriesRequest } from '../src/watch/protocol.ts';
import { fetchSeries } from './api.ts';
import { useFetched } from './fetched.ts';
import { colourOf, dashOf, useThemeChange } from './palette.ts';
import { Choice, Toggle } from './parts.tsx';
import { type Curve, Plot, type Range } from './plot.tsx';
import { change } from './route.ts';

const AXES: Readonly<Record<Axis, string>> = { step: 'step', images: 'images', time: 'time' };
const AXIS_TITLES: Readonly<Record<Axis, string>> = { step: 'step', images: 'images seen', time: 'training time in s' };
const HALF_LIVES = [2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** How all plots are drawn, as the address tells it. */
interface View {
  readonly axis: Axis;
  readonly halfLife: number | 'usual';
  readonly logX: boolean;
  readonly logY: boolean;
  readonly range: Range | undefined;
}

function viewOf(parameters: URLSearchParams): View {
  const number = (name: string): number => (parameters.has(name) ? Number(parameters.get(name)) : Number.NaN);
  const [from, to, halfLife] = [number('from'), number('to'), number('smooth')];
  const axis = parameters.get('x') ?? 'step';
  return {
    axis: Object.hasOwn(AXES, axis) ? (axis as Axis) : 'step',
    halfLife: halfLife >= 0 ? halfLife : 'usual',
    logX: parameters.has('logx'),
    logY: parameters.has('logy'),
    range: from < to ? { from, to } : undefined,
  };
}

/** What one plot shows: metrics of one run that belong together, or one metric of several runs. */
interface PlotContent {
  readonly title: string;
  readonly unit: string;
  readonly curves: readonly Omit<PlotCurve, 'points'>[];
}

interface PlotCurve extends Curve {
  readonly run: string;
  readonly metric: string;
}

/** The curves of one run by panel, or of several with a plot for each metric. */
export function Curves({
  details,
  runs,
  parameters,
}: {
  details: readonly RunDetail[];
  runs: ReadonlyMap<string, RunSummary>;
  parameters: URLSearchParams;
}) {
  const view = viewOf(parameters);
  useThemeChange();
  const plots = details.length === 1 ? plotsOfOne(ofTraining(details[0] as RunDetail)) : plotsOfMany(details);
  const marks = details.length === 1 ? (details[0] as RunDetail).marks : [];
  if (plots.length === 0)
    return <p class="empty">There are no metrics yet. They appear after the first logEvery steps.</p>;
  return (
    <>
      <Toolbar view={view} />
      <div class="plots">
        {plots.map((plot) => (
          <LivePlot key={plot.title} plot={plot} view={view} runs={runs} marks={marks} />
        ))}
      </div>
    </>
  );
}

/** A run, with what the list has of all and how the address tells to show it. */
export interface ShownRun {
  readonly detail: RunDetail;
  readonly runs: ReadonlyMap<string, RunSummary>;
  readonly parameters: URLSearchParams;
}

/** The curves of what the process that trains a run takes of its machine. */
export function SystemCurves({ detail, runs, parameters }: ShownRun) {
  const view = viewOf(parameters);
  useThemeChange();
  const plots = plotsOfOne({ id: detail.id, panels: detail.panels.filter(({ isOfSystem }) => isOfSystem) });
  return (
    <>
      {plots.map((plot) => (
        <LivePlot key={plot.title} plot={plot} view={view} runs={runs} marks={[]} />
      ))}
    </>
  );
}

/** The curves of one run without those of the machine, which stand with its health. */
const ofTraining = ({ id, panels }: RunDetail): Pick<RunDetail, 'id' | 'panels'> => ({
  id,
  panels: panels.filter(({ isOfSystem }) => !isOfSystem),
});

const plotsOfOne = ({ id, panels }: Pick<RunDetail, 'id' | 'panels'>): PlotContent[] =>
  panels.map(({ title, unit, metrics }) => ({
    title,
    unit,
    curves: metrics.map(({ name, label }, index) => ({
      run: id,
      metric: name,
      label,
      colour: colourOf(index),
      dash: dashOf(index),
    })),
  }));

/** A plot for each metric that any of the runs has, in the order of the first run that has it. */
function plotsOfMany(details: readonly RunDetail[]): PlotContent[] {
  const plots = new Map<string, PlotContent>();
  for (const [index, { id, panels }] of details.entries()) {
    for (const { title, unit, metrics } of panels) {
      for (const { name, label } of metrics) {
        const curve = { run: id, metric: name, label: id, colour: colourOf(index), dash: dashOf(index) };
        const { curves = [] } = plots.get(name) ?? {};
        const heading = title === label || title === name ? title : `${title}: ${label}`;
        plots.set(name, { title: heading, unit, curves: [...curves, curve] });
      }
    }
  }
  return [...plots.values()];
}

function Toolbar({ view: { axis, halfLife, logX, logY, range } }: { view: View }) {
  return (
    <div class="tools">
      <Choice
        label="what the horizontal axis counts"
        value={axis}
        options={AXES}
        choose={(x) => change({ x: x === 'step' ? '' : x, from: '', to: '' })}
      />
      <label>
        Smoothing{' '}
        <select
          value={String(halfLife)}
          onChange={({ currentTarget: { value } }) => change({ smooth: value === 'usual' ? '' : value })}
        >
          <option value="usual">by length</option>
          <option value="0">none</option>
          {HALF_LIVES.map((points) => (
            <option key={points} value={points}>
              {points} points
            </option>
          ))}
        </select>
      </label>
      <Toggle on={logX} set={(on) => change({ logx: on })}>
        log x
      </Toggle>
      <Toggle on={logY} set={(on) => change({ logy: on })}>
        log y
      </Toggle>
      {range && (
        <button type="button" class="button" onClick={() => change({ from: '', to: '' })}>
          Show all
        </button>
      )}
      <span class="hint">drag to zoom, arrow keys read values</span>
    </div>
  );
}

/** A plot that fetches its points when it comes into view, and again whenever one of its runs has changed. */
function LivePlot({
  plot: { title, unit, curves },
  view,
  runs,
  marks,
}: {
  plot: PlotContent;
  view: View;
  runs: ReadonlyMap<string, RunSummary>;
  marks: RunDetail['marks'];
}) {
  const frame = useRef<HTMLElement>(null);
  const { isSeen, width } = useFrame(frame);
  const { axis, halfLife, range } = view;
  const request = { axis, halfLife, pixels: Math.max(1, width), ...range };
  const series = useSeries(curves, request, isSeen && width > 0 ? runs : undefined);
  const drawn = curves.flatMap((curve) => {
    const points: Points | undefined = series.get(curve.run)?.[curve.metric];
    return points && points.x.length > 0 ? [{ ...curve, points }] : [];
  });
  return (
    <section class="plot" ref={frame} aria-label={title}>
      <h2>
        {title} {unit && <small>{unit}</small>}
      </h2>
      {drawn.length > 0 && (
        <Plot
          title={title}
          curves={drawn}
          xTitle={AXIS_TITLES[axis]}
          logX={view.logX}
          logY={view.logY}
          range={range}
          marks={marks.map(({ kind, text, at }) => ({ kind, text, x: at[axis] }))}
          choose={(chosen) => change({ from: chosen?.from ?? '', to: chosen?.to ?? '' })}
        />
      )}
    </section>
  );
}

/** Widths are rounded up to this many pixels, so that a window being resized does not ask at each. */
const WIDTH_STEP = 100;

/** Whether an element has come into view, and how wide it is. */
function useFrame(frame: { readonly current: HTMLElement | null }): { isSeen: boolean; width: number } {
  const [isSeen, setSeen] = useState(false);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = frame.current as HTMLElement;
    const seeing = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true), {
      rootMargin: '200px',
    });
    const sizing = new ResizeObserver(() => setWidth(Math.ceil(element.clientWidth / WIDTH_STEP) * WIDTH_STEP));
    seeing.observe(element);
    sizing.observe(element);
    return () => {
      seeing.disconnect();
      sizing.disconnect();
    };
  }, [frame]);
  return { isSeen, width };
}

/** The points of curves by run. @param runs undefined as long as nothing is to be fetched */
function useSeries(
  curves: PlotContent['curves'],
  request: Omit<SeriesRequest, 'names'>,
  runs: ReadonlyMap<string, RunSummary> | undefined,
): ReadonlyMap<string, SeriesReply> {
  const metrics = new Map<string, string[]>();
  for (const { run, metric } of runs ? curves : []) metrics.set(run, [...(metrics.get(run) ?? []), metric]);
  const wanted = [...metrics].map(([run, names]) => {
    const key = JSON.stringify([runs?.get(run)?.version, names, request]);
    return [run, { key, fetch: () => fetchSeries(run, { ...request, names }) }] as const;
  });
  return useFetched(new Map(wanted)).values;
}
