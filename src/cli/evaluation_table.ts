import { digits, figureRows } from '../evaluation/figure_rows.ts';
import type { Evaluation } from '../evaluation/index.ts';
import { labelOf } from '../metrics/index.ts';
import { formatTable } from './table.ts';
import { formatCount } from './units.ts';

/** An evaluation for people: a row for each figure, with what it is at best. */
export function formatEvaluation(evaluation: Evaluation): string {
  const { recipe, step, data, features, count, seed, figures, warnings } = evaluation;
  const head = `${recipe} at step ${step}: ${formatCount(count)} generated images of seed ${seed} beside as many of ${data}`;
  const network = `features: ${labelOf(features)}, ${features.columns} columns`;
  const classes = figures.classes && figures.classes.length <= MOST_CLASSES ? ['', formatClasses(figures)] : [];
  return [
    head,
    network,
    '',
    formatTable(figureRows(evaluation)),
    ...classes,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join('\n');
}

/** More rows would bury the rest; the report has all. */
const MOST_CLASSES = 102;

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

function formatClasses({ classes = [], classAccuracy }: Evaluation['figures']): string {
  const heading = ['class', 'real', 'generated', 'Frechet', ...(classAccuracy ? ['as asked'] : [])];
  const rows = classes.map(({ name, real, generated, frechet }) => [
    name,
    percent(real),
    percent(generated),
    frechet === undefined ? '' : digits(frechet),
    ...(classAccuracy ? [percent(classAccuracy.byClass[name] ?? 0)] : []),
  ]);
  return formatTable([heading, ...rows], { right: [1, 2, 3, 4] });
}
