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
    ...(figures.classAccuracy
      ? [['class accuracy', digits(figures.classAccuracy.overall), 'images that are of the class asked for']]
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
