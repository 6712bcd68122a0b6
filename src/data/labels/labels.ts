import { DataError } from '../../errors.ts';
import { didYouMean } from '../../suggest.ts';

/** What the images of a data set are labelled with: a class each, or any number of attributes each. */
export interface Labels {
  readonly kind: 'classes' | 'attributes';
  readonly names: readonly string[];
  /** Classes: int32 [count], `names[values[i]]` is the class of image i. Attributes: int32 [count, names.length], 1 where the image has
   *  the attribute, 0 where it has not. */
  readonly values: Int32Array;
}

/** Numbers that one image's label takes: 1 for classes, one per name for attributes. */
export const labelWidth = ({ kind, names }: Pick<Labels, 'kind' | 'names'>): number =>
  kind === 'classes' ? 1 : names.length;

/** Class labels from the class of each image, in the order of names; names that are all whole numbers are ordered as numbers. */
export function classLabels(classes: readonly string[]): Labels {
  const names = orderedNames(classes);
  const indices = new Map(names.map((name, index) => [name, index]));
  return { kind: 'classes', names, values: Int32Array.from(classes, (name) => indices.get(name) as number) };
}

/** Each of these names once: whole numbers by size, anything else by code units, which is the same on every machine. */
export function orderedNames(names: Iterable<string>): string[] {
  const distinct = [...new Set(names)];
  const areNumbers = distinct.every((name) => /^\d{1,15}$/.test(name));
  return areNumbers ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
}

/** How many images have each label, in the order of `names`. */
export function countLabels({ kind, names, values }: Labels): number[] {
  const counts = new Array<number>(names.length).fill(0);
  for (const [i, value] of values.entries()) {
    const name = kind === 'classes' ? value : i % names.length;
    if (kind === 'classes' || value === 1) counts[name] = (counts[name] as number) + 1;
  }
  return counts;
}

/** The first `limit` images that have the label of this index, in the order of the data set. */
export function imagesWithLabel({ kind, names, values }: Labels, label: number, limit: number): number[] {
  const [stride, wanted] = kind === 'classes' ? [1, label] : [names.length, 1];
  const images: number[] = [];
  for (let at = kind === 'classes' ? 0 : label; at < values.length && images.length < limit; at += stride) {
    if (values[at] === wanted) images.push(Math.floor(at / stride));
  }
  return images;
}

/** The index of a label by its name. @throws DataError label_unknown, with the nearest name */
export function labelIndex({ kind, names }: Labels, name: string): number {
  const index = names.indexOf(name);
  if (index >= 0) return index;
  const what = kind === 'classes' ? 'class' : 'attribute';
  throw new DataError(
    'label_unknown',
    `there is no ${what} '${name}'.${didYouMean(name, names)} Known: ${names.join(', ')}.`,
  );
}

/** The labels of a data set, where something needs them. @param purpose what does, such as `a conditional GAN`
 *  @throws DataError data_unlabelled */
export function expectLabels(
  { name, labels }: { readonly name: string; readonly labels?: Labels },
  purpose: string,
): Labels {
  if (labels) return labels;
  throw new DataError(
    'data_unlabelled',
    `${name}: ${purpose} needs labels, but these images have none; put each class into a folder of its own, or name a file of labels with --labels FILE`,
  );
}

/** Copies the labels of images, by their indices in the data set, one image behind another. @returns `into`, new if not given */
export function labelsOfImages(
  { kind, names, values }: Labels,
  indices: Uint32Array,
  into: Int32Array = new Int32Array(indices.length * labelWidth({ kind, names })),
): Int32Array {
  const width = labelWidth({ kind, names });
  for (const [i, index] of indices.entries()) into.set(values.subarray(index * width, (index + 1) * width), i * width);
  return into;
}

/** Labels as a network takes them: float32 [N, names.length], a one in the column of each image's class, or in those of its attributes.
 *  @param values of N images, as a batch has them: int32 [N] for classes, [N, names.length] for attributes */
export function labelVectors({ kind, names }: Pick<Labels, 'kind' | 'names'>, values: Int32Array): Float32Array {
  if (kind === 'attributes') return Float32Array.from(values);
  const vectors = new Float32Array(values.length * names.length);
  for (const [image, value] of values.entries()) vectors[image * names.length + value] = 1;
  return vectors;
}
