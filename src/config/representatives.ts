import type { Condition } from './keys.ts';
import type { Config } from './schema.ts';

/** What a generator's representative variables stand for, in their order behind the noise of a latent: first what formulas measure, then
 *  labels of the data. None where a recipe has no extractors. */
export const representativesOf = ({ extractor }: Pick<Config, 'extractor'>): string[] => [
  ...extractor.measures,
  ...extractor.labels,
];

/** Whether an extractor of labels is trained beside the two networks, on real images and their labels. */
export const learnsLabels = ({ extractor }: Pick<Config, 'extractor'>): boolean =>
  extractor.labels.length > 0 && extractor.file === undefined;

/** For keys of the network that reads labels off images. */
export const readsLabels: Condition = {
  holds: ({ extractor }) => extractor.labels.length > 0,
  said: 'extractor.labels names some',
};

/** For keys of its training beside the two networks. */
export const trainsExtractor: Condition = {
  holds: learnsLabels,
  said: 'extractor.labels names some and extractor.file none',
};
