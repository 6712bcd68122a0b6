import { escapeMarkdown, formatDuration, markdownTable } from '../comparison/index.ts';
import { digits } from '../evaluation/figure_rows.ts';
import type { ReportedRow, StudyContent } from './report.ts';

/** The report of a study for people. */
export function studyMarkdown(content: StudyContent): string {
  const { title, question, settings, rows, samples, pictures } = content;
  const problems = rows.filter(({ outcome }) => outcome?.problem !== undefined);
  const parts = [
    `# ${escapeMarkdown(title)}`,
    ...(question === undefined ? [] : [question]),
    '## Settings that differ',
    markdownTable([
      ['row', ...settings.map(({ key }) => key)],
      ...rows.map(({ name }, index) => [name, ...settings.map(({ values }) => values[index] ?? '')]),
    ]),
    '## Figures',
    figuresTable(content),
    'Losses and other metrics are the mean of the last tenth of their values. Time is that of the training alone. Different losses are no measure of each other.',
    ...evaluationPart(rows),
    ...(problems.length === 0 ? [] : ['## What went wrong', ...problems.map(problemLine)]),
    ...(pictures.curves ? ['## Curves', `![curves](${pictures.curves})`] : []),
    ...(pictures.samples.length === 0
      ? []
      : [
          '## Images',
          `${samples.count} images of each row, of the latents of seed ${samples.seed}.`,
          ...pictures.samples.map((name) => `![images](${name})`),
        ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function figuresTable({ rows, labels }: StudyContent): string {
  const reported = new Set(rows.flatMap(({ final }) => Object.keys(final?.metrics ?? {})));
  const names = [...new Set([...Object.keys(labels), ...reported])].filter((name) => reported.has(name));
  const heading = ['row', 'outcome', 'step', 'time', 'images/s', ...names.map((name) => labels[name] ?? name)];
  return markdownTable(
    [
      heading,
      ...rows.map(({ name, outcome, final }) => [
        name,
        outcome?.state ?? (final ? 'not ended' : 'not begun'),
        ...(final
          ? [String(final.step), formatDuration(1000 * final.seconds), digits(final.imagesPerSecond)]
          : ['', '', '']),
        ...names.map((metric) => figure(final?.metrics[metric])),
      ]),
    ],
    heading.flatMap((_, column) => (column < 2 ? [] : [column])),
  );
}

function evaluationPart(rows: readonly ReportedRow[]): string[] {
  const evaluated = rows.flatMap(({ name, evaluation }) => (evaluation ? [{ name, ...evaluation }] : []));
  const [first] = evaluated;
  if (!first) return [];
  const heading = ['row', 'Frechet', 'kernel', 'precision', 'recall', 'density', 'coverage', 'nearest ratio'];
  const table = evaluated.map(({ name, figures }) => {
    const { frechet, kernel, precision, recall, density, coverage, nearestRatio } = figures;
    return [name, ...[frechet, kernel.mean, precision, recall, density, coverage, nearestRatio].map(digits)];
  });
  return [
    '## Evaluation',
    markdownTable([heading, ...table], [1, 2, 3, 4, 5, 6, 7]),
    `${first.count} generated images beside as many real ones, compared by ${first.features}. Best: 0 for the distances, 1 for the rest.`,
  ];
}

const problemLine = ({ name, outcome }: ReportedRow): string =>
  `- **${name}**, ${outcome?.state}: ${escapeMarkdown(outcome?.problem ?? '')}`;

/** Nothing for a figure that is not there. */
const figure = (value: number | undefined): string => (value === undefined ? '' : digits(value));
