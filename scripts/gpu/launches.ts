/** A launch of a kernel, as ncu timed it. */
export interface Launch {
  /** How many launches of the program came before it. */
  readonly index: number;
  readonly kernel: string;
  readonly ms: number;
}

const DURATION = 'gpu__time_duration.sum';

/** Reads what `ncu --csv --page raw --print-units base` prints, among the program's own output: a line of titles, one of units, and one
 *  for each launch. None where there is no such table. */
export function readLaunches(output: string): Launch[] {
  const lines = output.split('\n');
  const first = lines.findIndex((line) => line.startsWith('"ID"'));
  if (first < 0) return [];
  const titles = fieldsOf(lines[first] as string);
  const [kernel, duration] = [titles.indexOf('Kernel Name'), titles.indexOf(DURATION)];
  return lines
    .slice(first + 2)
    .filter((line) => /^"\d+"/.test(line))
    .map((line, index) => {
      const fields = fieldsOf(line);
      return { index, kernel: fields[kernel] ?? '', ms: Number((fields[duration] ?? '').replaceAll(',', '')) / 1e6 };
    });
}

const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, field]) => (field as string).replaceAll('""', '"'));

export const totalMs = (launches: readonly Launch[]): number => launches.reduce((sum, { ms }) => sum + ms, 0);

/** The longest launch of each of the kernels that take most time in all, the heaviest kernel first. */
export function heaviestLaunches(launches: readonly Launch[], count: number): Launch[] {
  const byKernel = new Map<string, Launch[]>();
  for (const launch of launches) byKernel.set(launch.kernel, [...(byKernel.get(launch.kernel) ?? []), launch]);
  return [...byKernel.values()]
    .sort((a, b) => totalMs(b) - totalMs(a))
    .slice(0, count)
    .map((own) => own.reduce((longest, launch) => (launch.ms > longest.ms ? launch : longest)));
}
