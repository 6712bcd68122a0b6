import { composeImage, type ImageBatch, type Picture } from '../data/index.ts';
import type { Explorer } from '../explore/index.ts';
import type { Latent } from '../explore/vectors.ts';
import { type LabelChoice, repeatedEach } from '../train/index.ts';
import { coordinatesOf } from './coordinates.ts';
import { expectImages, expectSettings, labelsOf } from './expect.ts';
import { openProjectionFeatures } from './features.ts';
import { runSearches, type Search, type SearchMoment } from './search.ts';

/** How the latents of images are searched. */
export interface ProjectionOptions {
  /** Places that each search begins from, of each label that is tried; 4 if not given. */
  readonly starts?: number | undefined;
  /** Steps of each search; 300 if not given. */
  readonly steps?: number | undefined;
  /** Of Adam in its first step, from where it falls to 0; 0.2 if not given. */
  readonly learningRate?: number | undefined;
  /** Decides the random starts; 1 if not given. */
  readonly seed?: number | undefined;
  /** What a conditional run may be asked to draw; every class if not given. */
  readonly labels?: readonly LabelChoice[] | undefined;
  /** What images are compared by beside their pixels: `encoder` of a BEGAN, or the file of a classifier. */
  readonly features?: string | undefined;
  /** Weight of the features beside the pixels; 0.1 if not given. */
  readonly featureWeight?: number | undefined;
  /** Called with how many steps of how many are done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a search had found by some step. */
export interface ProjectionMoment {
  readonly step: number;
  readonly latent: Latent;
  /** What the generator draws of it. */
  readonly picture: Picture;
  /** Root of the mean square of its difference from the image, in levels of which a pixel has 256. */
  readonly distance: number;
}

/** How a search has ended. */
export interface ProjectionSearch {
  /** Where it began: `encoder`, `centre`, or `random 0`, `random 1` ... of the seed. */
  readonly start: string;
  readonly label?: string;
  /** What was minimised. */
  readonly loss: number;
}

/** The latent whose picture is nearest to an image. */
export interface Projection {
  readonly latent: Latent;
  /** What a conditional run was asked to draw. */
  readonly label?: string;
  /** Where the search began that has found it. */
  readonly start: string;
  /** As of a moment; that of the last one. */
  readonly distance: number;
  /** From the start to the result. */
  readonly way: readonly ProjectionMoment[];
  /** All searches for this image. */
  readonly searches: readonly ProjectionSearch[];
}

/** Finds for each image the latent whose picture is nearest to it, by gradient descent through the generator from several starts at
 *  once. What is found for an image does not depend on the others. One call at a time: calls on one explorer share its device's
 *  variables. Latents stay where training draws them: uniform numbers in their range, normal ones within the length of 999 of 1,000,
 *  descriptors likewise in terms of their covariance, representative variables between 0 and 1.
 *  @param images [N,H,W,C] as the run draws them, in [-1, 1]
 *  @throws DataError projection_images; ConfigError projection_settings, projection_features, run_unconditional, class_missing;
 *  CheckpointError; DivergedError diverged; DeviceError; the signal's reason */
export async function projectImages(
  explorer: Explorer,
  images: ImageBatch,
  options: ProjectionOptions = {},
): Promise<Projection[]> {
  const { session, space } = explorer;
  const { model } = session;
  const { starts = 4, steps = 300, learningRate = 0.2, seed = 1, featureWeight = 0.1 } = options;
  expectSettings({ starts, steps, learningRate, featureWeight });
  expectImages(images, model.generator.outputShape);
  const labels = labelsOf(model.config, options.labels);
  const searches = await searchesOf(explorer, images, { starts, seed, labels });
  const features =
    options.features === undefined ? undefined : await openProjectionFeatures(options.features, explorer);
  const problem = { model, coordinates: coordinatesOf(model.config, space), features, featureWeight };
  const settings = { ...options, learningRate, moments: momentsOf(steps) };
  const ways = await runSearches(session, problem, images, searches, settings);
  const ended = searches.map((search, i) => ({ search, way: ways[i] as readonly SearchMoment[] }));
  const each = searches.length / images.shape[0];
  const groups = Array.from({ length: images.shape[0] }, (_, i) => ended.slice(i * each, (i + 1) * each));
  return describe(explorer, images, groups, settings.moments);
}

/** A search with the name of its start. */
interface NamedSearch extends Search {
  readonly name: string;
}

/** A search and where it was at each moment. */
interface EndedSearch {
  readonly search: NamedSearch;
  readonly way: readonly SearchMoment[];
}

/** The searches for all images, one image after another: the encoder's descriptors first where there is an encoder, then the centre of the
 *  latents, from where all of them are near, then random ones. */
async function searchesOf(
  { encode, space }: Explorer,
  images: ImageBatch,
  { starts, seed, labels }: { starts: number; seed: number; labels: readonly (LabelChoice | undefined)[] },
): Promise<NamedSearch[]> {
  const encoded = await encode?.(images);
  const shared = [
    { name: 'centre', start: space.origin },
    ...space.draw(starts, seed).map((start, i) => ({ name: `random ${i}`, start })),
  ];
  return Array.from({ length: images.shape[0] }, (_, image) => {
    const own = encoded ? [{ name: 'encoder', start: encoded[image] as Latent }] : [];
    const begun = [...own, ...shared].slice(0, starts);
    return labels.flatMap((label) => begun.map((start) => ({ ...start, image, label })));
  }).flat();
}

/** The first step, the last one and some between them, further and further apart. */
const momentsOf = (steps: number): number[] => [
  ...new Set([0, ...[30, 10, 3].map((part) => Math.round(steps / part)), steps]),
];

/** What was found for each image, by the search whose loss is the least. */
async function describe(
  { session }: Explorer,
  images: ImageBatch,
  groups: readonly (readonly EndedSearch[])[],
  moments: readonly number[],
): Promise<Projection[]> {
  const best = groups.map((group) => group.reduce((a, b) => (lossOf(b) < lossOf(a) ? b : a)));
  const latents = best.flatMap(({ way }) => way.flatMap(({ latent }) => [...latent]));
  const labels = best.flatMap(({ search: { label } }) => label ?? []);
  const drawn = await session.sample(
    Float32Array.from(latents),
    labels.length > 0 ? repeatedEach(labels, moments.length) : undefined,
  );
  return best.map(({ search, way }, image) => {
    const moment = (step: number, i: number): ProjectionMoment => {
      const index = image * moments.length + i;
      const distance = distanceOf(drawn, index, images, image);
      return { step, latent: (way[i] as SearchMoment).latent, picture: composeImage(drawn, index), distance };
    };
    const seen = moments.map(moment);
    const { latent, distance } = seen.at(-1) as ProjectionMoment;
    const searches = (groups[image] as readonly EndedSearch[]).map(resultOf);
    return { latent, distance, way: seen, searches, start: search.name, ...nameOf(search) };
  });
}

const lossOf = ({ way }: EndedSearch): number => (way.at(-1) as SearchMoment).loss;

const nameOf = ({ label }: Search): { readonly label?: string } => (label ? { label: label.name } : {});

const resultOf = (ended: EndedSearch): ProjectionSearch => ({
  start: ended.search.name,
  ...nameOf(ended.search),
  loss: lossOf(ended),
});

/** Half of the 255 levels between the darkest and the brightest, which are -1 and 1. */
const LEVELS_IN_UNIT = 127.5;

function distanceOf(a: ImageBatch, i: number, b: ImageBatch, j: number): number {
  const elements = a.data.length / a.shape[0];
  let sum = 0;
  for (let at = 0; at < elements; at++) {
    const difference = (a.data[i * elements + at] as number) - (b.data[j * elements + at] as number);
    sum += difference * difference;
  }
  return Math.sqrt(sum / elements) * LEVELS_IN_UNIT;
}
