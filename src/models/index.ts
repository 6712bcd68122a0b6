export { began } from './began.ts';
export { recallConfig, resolveConfig, validateConfig } from './config.ts';
export { dcgan, dcganDigits, dcganDigitsConditional, dcganDraft, dcganReport } from './dcgan.ts';
export { convGuide, dcganGuide } from './guide.ts';
export type { Recipe } from './recipe.ts';
export { buildGan, findRecipe, recipeOf, recipes } from './recipes.ts';
export { convReport, mlpReport } from './report.ts';
export { wganClip, wganGp } from './wgan.ts';
