export { began } from './began.ts';
export { recallConfig, resolveConfig, validateConfig } from './config.ts';
export { dcgan, dcganDigits, dcganDigitsConditional, dcganDraft, dcganReport } from './dcgan.ts';
export { convGuide, dcganGuide, dcganGuideConditional } from './guide.ts';
export type { Recipe } from './recipe.ts';
export { buildGan, findRecipe, recipeOf, recipes } from './recipes.ts';
export { convReport, convReportConditional, mlpReport, mlpReportConditional } from './report.ts';
export { wganClip, wganGp, wganGpConditional } from './wgan.ts';
