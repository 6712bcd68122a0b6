/** The steps that are counted: the recipes of the published networks. */
export const MODELS = {
  DCGAN: { recipe: 'dcgan' },
  'WGAN-GP': { recipe: 'wgan-gp' },
  BEGAN: { recipe: 'began' },
  'BEGAN, both networks simultaneously': { recipe: 'began', schedule: 'simultaneous' },
} as const;

/** One of them. */
export type ModelName = keyof typeof MODELS;
