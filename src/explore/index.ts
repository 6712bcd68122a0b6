export { arithmetic, type Groups } from './arithmetic.ts';
export { type CaptionedGridOptions, type CaptionedPictures, composeCaptioned } from './captioned_grid.ts';
export { drawCurves } from './curves.ts';
export { type DescriptorMoments, descriptorsFromNoise, readDescriptors } from './descriptors.ts';
export { chooseDirections, type Direction, eigendirections, principalDirections } from './directions.ts';
export { type Explorer, openExplorer, type RenderOptions } from './explorer.ts';
export {
  arithmeticGrid,
  eigenGrid,
  type GridShape,
  interpolationGrid,
  type LatentGrid,
  type LatentRow,
  meanGrid,
  montageGrid,
  sequenceGrid,
  type TraitGridOptions,
} from './grids.ts';
export { readGroup } from './groups.ts';
export { type Arc, interpolate } from './interpolate.ts';
export { formatLatents, type Origin, readLatents } from './latents_file.ts';
export { rankCorrelation } from './rank_correlation.ts';
export { descriptorSpace, type LatentSpace, noiseSpace } from './space.ts';
export { describeSweep, drawSweep, followsVariable, type Sweep, type SweepOptions, sweep } from './sweep.ts';
export { findTrait, neutral, parseTraits, sumOfTraits, type Trait, withTrait } from './traits.ts';
export type { Latent } from './vectors.ts';
