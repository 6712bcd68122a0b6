import { ConfigError } from '../errors.ts';

/** The lines between which a page holds the tables of a benchmark. */
export const MARKERS = { begin: '<!-- bench:begin -->', end: '<!-- bench:end -->' };

/** A page with what stands between its markers replaced. @param path for messages @throws ConfigError `bench_markers` */
export function replaceMeasured(page: string, measured: string, path: string): string {
  const [begin, end] = [page.indexOf(MARKERS.begin), page.indexOf(MARKERS.end)];
  if (begin < 0 || end < begin) {
    throw new ConfigError(
      'bench_markers',
      `${path}: expected a line ${MARKERS.begin} and below it a line ${MARKERS.end}, between which the tables go`,
    );
  }
  return `${page.slice(0, begin + MARKERS.begin.length)}\n\n${measured}\n\n${page.slice(end)}`;
}
