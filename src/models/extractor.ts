import { representativesOf } from '../config/representatives.ts';
import type { Config } from '../config/schema.ts';
import { extraction } from '../games/index.ts';
import { buildDcgan, dcgan } from './dcgan.ts';
import { baseDefaults, type Recipe } from './recipe.ts';

/** A DCGAN whose generator takes representative variables behind the noise. */
function buildExtractorGan(config: Config) {
  const { latent } = config;
  return buildDcgan({ ...config, latent: { ...latent, size: latent.size + representativesOf(config).length } });
}

/** The Extractor GAN of a thesis: a DCGAN of base width 64 whose generator is given representative variables beside its noise, and is to
 *  draw images off which extractors read them: `extractor.measures` brightness and sharpness, by formulas, and
 *  `extractor.labels` labels of the data, by a network of two convolutions. The generator is updated twice to each update of the
 *  discriminator. */
export const extractorGan: Recipe = {
  ...dcgan,
  name: 'extractor-gan',
  summary: 'Extractor GAN of the thesis: a DCGAN told how bright, how sharp or of what label its images are to be',
  game: extraction,
  build: buildExtractorGan,
  defaults: {
    ...baseDefaults,
    recipe: 'extractor-gan',
    latent: { size: 100, distribution: 'unit' },
    model: { ...baseDefaults.model, width: 64 },
    extractor: { ...baseDefaults.extractor, measures: ['brightness'] },
    generatorSteps: 2,
    batch: 64,
  },
};
