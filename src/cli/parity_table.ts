import { explain, type ParityResult, type ParityRow, type ParitySummary } from '../parity/index.ts';
import { formatTable, type Row } from './table.ts';

const HEADINGS = ['', 'precision', 'cases', 'value', 'gradient', '2nd gradient', 'tolerance', ''];
const NUMBERS = [2, 3, 4, 5, 6];

/** What a comparison showed, for people: the worst of every op and precision, every case that failed or was skipped, the counts. */
export function formatParity(
  { rows, passed, failed, skipped }: ParitySummary,
  results: readonly ParityResult[],
): string {
  const table = formatTable([HEADINGS, ...rows.map(rowOf)], { right: NUMBERS });
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  const nothing = passed + failed === 0 ? '; nothing was compared, which counts as a failure' : '';
  return [
    `The largest error of any case, relative to the largest number of its result:\n\n${table}`,
    ...list('Failed:', results, 'failed'),
    ...list('Skipped, so nothing is known of them:', results, 'skipped'),
    `${counts}${nothing}.`,
  ].join('\n\n');
}

const list = (title: string, results: readonly ParityResult[], status: ParityResult['status']): string[] => {
  const lines = results
    .filter((result) => result.status === status)
    .map((result) => `  ${result.name}, ${result.precision}: ${explain(result)}`);
  return lines.length === 0 ? [] : [[title, ...lines].join('\n')];
};

const rowOf = ({ subject, precision, cases, errors, tolerance, failed, skipped }: ParityRow): Row => [
  subject,
  precision,
  String(cases),
  formatError(errors.value),
  formatError(errors.gradient),
  formatError(errors.secondGradient),
  tolerance.toExponential(0),
  [failed > 0 ? `${failed} FAILED` : '', skipped > 0 ? `${skipped} skipped` : ''].filter(Boolean).join(', '),
];

const formatError = (error: number | undefined): string => {
  if (error === undefined) return '-';
  return Number.isFinite(error) ? error.toExponential(1) : 'not finite';
};
