export { began } from './began.ts';
export { type RecipeSettings, recallConfig, resolveChanges, resolveConfig, validateConfig } from './config.ts';
export { dcgan, dcganDigits, dcganDigitsConditional, dcganDraft, dcganReport } from './dcgan.ts';
export { defineRecipe, type NoOptions, type RecipeDefinition } from './define.ts';
export { extractorGan } from './extractor.ts';
export { loadRecipe } from './file/load.ts';
export { isRecipeFile, type RecipeSources, readSources } from './file/sources.ts';
export { convGuide, dcganGuide, dcganGuideConditional, wganGpGuide, wganGpGuideThorough } from './guide.ts';
export type { Recipe } from './recipe.ts';
export { buildGan, findRecipe, recipeOf, recipes } from './recipes.ts';
export {
  convReport,
  convReportConditional,
  convReportWasserstein,
  mlpReport,
  mlpReportConditional,
  mlpReportWasserstein,
} from './report.ts';
export { wganClip, wganGp, wganGpConditional } from './wgan.ts';
