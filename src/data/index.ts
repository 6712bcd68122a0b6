export { type AugmentOptions, augmented, NO_AUGMENTATION } from './augment.ts';
export type { Dataset, Labels, ProgressListener, SkippedFile, Split } from './dataset.ts';
export { summariseSkipped } from './dataset.ts';
export { composeGrid, composeImage, type GridOptions, type ImageBatch, type Picture } from './grid.ts';
export { type Batch, createLoader, type Loader, type LoaderOptions, type LoaderPosition } from './loader.ts';
export { datasetNames, type OpenOptions, openDataset } from './open.ts';
export { expectOutsideData } from './own_pictures.ts';
export type { Channels, ImageFormat, ImageSize } from './pixels.ts';
export { encodePng, writeDrawing, writeGrid, writeImage, writePicture } from './png.ts';
