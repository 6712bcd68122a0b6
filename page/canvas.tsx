import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { theme } from './palette.ts';

/** In pixels. */
export const HEIGHT = 220;
/** What the axes of all drawings have in common. */
export const AXIS = { font: '11px system-ui, sans-serif', ticks: { show: false } };

interface CanvasProperties {
  /** What the drawing shows. */
  readonly label: string;
  /** Where on the horizontal axis the pointer is, if it is there. */
  readonly pointer: number | undefined;
  /** What the drawing shows at the pointer, or else at its end, in words. */
  readonly told: string;
  /** Stands for all that the options are made of. */
  readonly form: string;
  readonly options: () => Omit<uPlot.Options, 'width' | 'height' | 'legend'>;
  readonly data: uPlot.AlignedData;
  /** Stands for the data, and for what is drawn beside them. */
  readonly content: readonly unknown[];
  /** Is given the drawing. */
  readonly plot: { current: uPlot | undefined };
}

/** A drawing on axes, whose pointer is a slider: keys move it from point to point. The drawing is made anew where its form or the theme is
 *  another, and else only given the new data. */
export function Canvas({ label, pointer, told, form, options, data, content, plot }: CanvasProperties) {
  const place = useRef<HTMLDivElement>(null);
  const look = JSON.stringify([form, theme()]);
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const size = () => ({ width: element.clientWidth, height: HEIGHT });
    const made = new uPlot({ ...options(), ...size(), legend: { show: false } }, data, element);
    plot.current = made;
    const sizing = new ResizeObserver(() => made.setSize(size()));
    sizing.observe(element);
    return () => {
      sizing.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [look]);
  useEffect(() => plot.current?.setData(data), [look, ...content]);
  const keys = (event: KeyboardEvent): void => {
    const to = MOVES[event.key]?.(plot.current?.cursor.idx ?? undefined, data[0].length - 1);
    if (to === undefined || !plot.current) return;
    event.preventDefault();
    movePointer(plot.current, to);
  };
  const [first = 0] = data[0];
  const last = data[0].at(-1) ?? first;
  return (
    <div
      class="canvas"
      ref={place}
      tabIndex={0}
      role="slider"
      aria-label={label}
      aria-valuemin={first}
      aria-valuemax={last}
      aria-valuenow={pointer ?? last}
      aria-valuetext={told}
      onKeyDown={keys}
    />
  );
}

/** Which point each key moves the pointer to, from a point or from none. */
const MOVES: Readonly<Record<string, (from: number | undefined, last: number) => number>> = {
  ArrowRight: (from = -1, last) => Math.min(last, from + 1),
  ArrowLeft: (from, last) => Math.max(0, (from ?? last + 1) - 1),
  Home: () => 0,
  End: (_, last) => last,
};

/** The pointers of drawings over the same axis move along. uPlot's types leave out the argument that tells them. */
function movePointer(plot: uPlot, to: number): void {
  const x = plot.data[0][to];
  if (x === undefined) return;
  const setCursor: (at: { left: number; top: number }, fireHook: boolean, publish: boolean) => void = plot.setCursor;
  setCursor({ left: plot.valToPos(x, 'x'), top: plot.over.clientHeight / 2 }, true, true);
}
