import type { Evaluation } from '../evaluation/index.ts';
import { labelOf } from '../metrics/index.ts';
import { formatTable, type Row } from './table.ts';
import { formatCount } from './units.ts';

/** Four digits, never an exponent. */
const digits = (value: number): string => {
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(6, Math.max(0, 3 - magnitude)));
};

const spread = ({ mean, deviation }: { readonly mean: number; readonly deviation: number }): string =>
  `${digits(mean)} +- ${digits(deviation)}`;

/** An evaluation for people: a row for each figure, with what it is at best. */
export function formatEvaluation(evaluation: Evaluation): string {
  const { recipe, step, data, features, count, seed, figures, warnings } = evaluation;
  const head = `${recipe} at step ${step}: ${formatCount(count)} generated images of seed ${seed} beside as many of ${data}`;
  const network = `features: ${labelOf(features)}, ${features.columns} columns`;
  const classes = figures.classes ? ['', formatClasses(figures.classes)] : [];
  return [
    head,
    network,
    '',
    formatTable(figureRows(evaluation)),
    ...classes,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join('\n');
}

function figureRows({ features, figures }: Evaluation): Row[] {
  const name = labelOf(features);
  const { frechet, kernel, precision, recall, density, coverage, nearestRatio, classifierScore, similarity } = figures;
  return [
    [`Frechet distance (${name})`, digits(frechet), '0 at best'],
    [`kernel distance (${name})`, spread(kernel), '0 at best, over blocks'],
    ['precision', digits(precision), 'generated images among real ones'],
    ['recall', digits(recall), 'real images among generated ones'],
    ['density', digits(density), 'as precision, but outliers do not count; 1 for equal sets'],
    ['coverage', digits(coverage), 'real images that have a generated neighbour'],
    ['nearest ratio', digits(nearestRatio), '1 for new images of the same kind, 0 for copies'],
    ...(classifierScore
      ? [
          [
            `classifier score (${name})`,
            spread(classifierScore.generated),
            `real images: ${spread(classifierScore.real)}`,
          ],
        ]
      : []),
    ...(figures.slicedWasserstein ?? []).map(({ side, distance }) => [
      `sliced Wasserstein, ${side} pixels`,
      digits(distance),
      '0 at best, needs no features',
    ]),
    ...(similarity
      ? [
          [
            'similarity of pairs',
            digits(similarity.generated),
            `real images: ${digits(similarity.real)}; higher is less diverse`,
          ],
        ]
      : []),
  ];
}

const formatClasses = (classes: NonNullable<Evaluation['figures']['classes']>): string =>
  formatTable(
    [
      ['class', 'real', 'generated', 'Frechet'],
      ...classes.map(({ name, real, generated, frechet }) => [
        name,
        `${(100 * real).toFixed(1)} %`,
        `${(100 * generated).toFixed(1)} %`,
        frechet === undefined ? '' : digits(frechet),
      ]),
    ],
    { right: [1, 2, 3] },
  );
