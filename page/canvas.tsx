import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { theme } from './palette.ts';

/** In pixels. */
export const HEIGHT = 220;
/** What the axes of all drawings have in common. */
export const AXIS = { font: '11px system-ui, sans-serif', ticks: { show: false } };

interface CanvasProperties {
  /** What the drawing shows, in words. */
  readonly label: string;
  /** Stands for all that the options are made of. */
  readonly form: string;
  readonly options: () => Omit<uPlot.Options, 'width' | 'height' | 'legend'>;
  readonly data: uPlot.AlignedData;
  /** Stands for the data, and for what is drawn beside them. */
  readonly content: readonly unknown[];
  /** Is given the drawing. */
  readonly plot: { current: uPlot | undefined };
}

/** A drawing on axes, whose pointer the arrow keys move. It is made anew where its form or the theme is another, and else only given the new data. */
export function Canvas({ label, form, options, data, content, plot }: CanvasProperties) {
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
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0 || !plot.current) return;
    event.preventDefault();
    movePointer(plot.current, by);
  };
  return (
    <div
      class="canvas"
      ref={place}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the pointer
      tabIndex={0}
      role="img"
      aria-label={label}
      onKeyDown={keys}
    />
  );
}

/** Moves the pointer to the next point or the one before. */
function movePointer(plot: uPlot, by: number): void {
  const x = plot.data[0];
  const from = plot.cursor.idx ?? (by > 0 ? -1 : x.length);
  const to = Math.min(x.length - 1, Math.max(0, from + by));
  plot.setCursor({ left: plot.valToPos(x[to] as number, 'x'), top: plot.over.clientHeight / 2 });
}
