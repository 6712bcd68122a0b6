export { type AugmentOptions, augmented, NO_AUGMENTATION } from './augment.ts';
export type { ImageCacheOptions } from './cache/image_cache.ts';
export {
  type CachedFolder,
  clearImageCache,
  imageCacheFolder,
  listImageCache,
  type StoreOptions,
} from './cache/store.ts';
export { hasColour } from './colour.ts';
export type { Dataset, ProgressListener, SkippedFile, Split } from './dataset.ts';
export { summariseSkipped } from './dataset.ts';
export { composeGrid, composeImage, type GridOptions, gridSize, type ImageBatch, type Picture } from './grid.ts';
export {
  countLabels,
  expectLabels,
  imagesWithLabel,
  type Labels,
  labelIndex,
  labelVectors,
  labelWidth,
} from './labels/labels.ts';
export { type Batch, createLoader, type Loader, type LoaderOptions, type LoaderPosition } from './loader.ts';
export { datasetNames, hasTestPart, type OpenOptions, openDataset } from './open.ts';
export { expectOutsideData } from './own_pictures.ts';
export { expectPictureSize } from './picture_size.ts';
export { type Channels, channelsInWords, type ImageFormat, type PackedImages } from './pixels.ts';
export { encodePng, writeAtomically, writeGrid, writeImage, writePicture } from './png.ts';
