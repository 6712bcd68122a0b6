export { type Autoencoder, type Began, began } from './began.ts';
export { type ConfigChanges, mergeChanges, resolveConfig, validateConfig } from './config.ts';
export { dcgan, dcganDigits, dcganDraft, dcganReport } from './dcgan.ts';
export { convGuide, dcganGuide } from './guide.ts';
export type { Gan, Recipe } from './recipe.ts';
export { buildGan, findRecipe, recipes } from './recipes.ts';
export { convReport, mlpReport } from './report.ts';
export { type Config, configJsonSchema, configSchema, type ModelConfig } from './schema.ts';
export { wganClip, wganGp } from './wgan.ts';
