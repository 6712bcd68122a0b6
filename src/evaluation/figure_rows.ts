import { labelOf } from '../metrics/index.ts';
import type { Evaluation } from './evaluate.ts';

/** Four digits, never an exponent. */
export const digits = (value: number): string => {
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(6, Math.max(0, 3 - magnitude)));
};

const spread = ({ mean, deviation }: { readonly mean: number; readonly deviation: number }): string =>
  `${digits(mean)} +- ${digits(deviation)}`;

/** A row for each figure: its name, its value, and what it is at best. */
export function figureRows({ features, figures }: Pick<Evaluation, 'features' | 'figures'>): string[][] {
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
