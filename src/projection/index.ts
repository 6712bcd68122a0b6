export { type ImageReading, type ReadImages, readImages, readRunImages } from './images.ts';
export { projectionGrid, projectionStrip } from './pictures.ts';
export {
  type Projection,
  type ProjectionMoment,
  type ProjectionOptions,
  type ProjectionSearch,
  projectImages,
} from './project.ts';
