import type { PackedImages } from '../../data/index.ts';

/** What an extractor makes of some images. */
export interface Extracted {
  /** [images,columns] */
  readonly features: Float32Array;
  /** [images,classes]; only from a network that classifies. */
  readonly probabilities?: Float32Array;
}

/** Turns images into features. Figures of two extractors are not comparable, so reports name it. */
export interface FeatureExtractor {
  /** For people, such as `pixels`. */
  readonly name: string;
  /** SHA-256 in hexadecimal of all that decides the features, but for the images. */
  readonly hash: string;
  readonly columns: number;
  /** The names of the classes that it tells apart, where it does. */
  readonly classes?: readonly string[];
  /** @param images bytes, as they would lie in a file: published protocols quantise generated images too */
  extract(images: PackedImages): Promise<Extracted>;
  close(): void;
}

/** What a figure of these features is labelled with: their name and the beginning of their hash. */
export const labelOf = ({ name, hash }: Pick<FeatureExtractor, 'name' | 'hash'>): string =>
  `${name} ${hash.slice(0, 8)}`;
