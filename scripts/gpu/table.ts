import type { Outcome, Result, Stage } from './part.ts';

const OUTCOMES: readonly Outcome[] = ['ok', 'failed', 'stopped', 'not here', 'no time'];

/** One line on a part that has ended. */
export const formatResult = ({ stage, part, outcome, seconds, note }: Result): string =>
  `${outcome.padEnd(8)} ${`${seconds.toFixed(0)} s`.padStart(6)}  ${stage} ${part}${note === '' ? '' : `: ${note}`}`;

/** What is wrong, part by part, and a row for each stage: how its parts ended; what they found, a line each. */
export function formatTable(stages: readonly Stage[], results: readonly Result[]): string {
  const wrong = results.filter(({ outcome }) => outcome === 'failed' || outcome === 'stopped');
  const header = ['stage', ...OUTCOMES, 'seconds', 'found'];
  const rows = stages.flatMap((stage) =>
    rowsOf(
      stage,
      results.filter((result) => result.stage === stage.name),
    ),
  );
  return [
    ...wrong.map((result) => `${formatResult(result)}  (${result.file})`),
    ...(wrong.length > 0 ? [''] : []),
    ...align([header, ...rows]),
  ].join('\n');
}

function rowsOf({ name, title }: Stage, results: readonly Result[]): string[][] {
  const counts = OUTCOMES.map((outcome) => results.filter((result) => result.outcome === outcome).length);
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const [first = '', ...found] = results
    .filter(({ outcome, note }) => outcome === 'ok' && note !== '')
    .map(({ note }) => note);
  const row = [`${name} ${title}`, ...counts.map((n) => (n === 0 ? '' : String(n))), seconds.toFixed(0), first];
  return [row, ...found.map((note) => row.map((_, column) => (column === row.length - 1 ? note : '')))];
}

function align(rows: readonly string[][]): string[] {
  const widths = (rows[0] as string[]).map((_, i) => Math.max(...rows.map((row) => (row[i] as string).length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd(),
  );
}

/** 0 where every part ended well or is not here, 3 where all stages lack their device, else 1. */
export function exitCodeOf(results: readonly Result[], missing: string | undefined): number {
  if (missing !== undefined) return 3;
  return results.every(({ outcome }) => outcome === 'ok' || outcome === 'not here') ? 0 : 1;
}
