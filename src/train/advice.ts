import type { Config } from '../config/index.ts';
import { findRecipe } from '../models/index.ts';
import { shellWord } from './run/shell.ts';

/** What to do about a run that has diverged, as a command: go on from its newest checkpoint at a tenth of its learning rates, or of the
 *  recipe's where those are lower. */
export function adviseAfterDivergence(folder: string, config: Config): string {
  const usual = findRecipe(config.recipe)?.defaults;
  const rates = (['generator', 'discriminator'] as const).map((player) => {
    const present = config[player].learningRate;
    const lower = Math.min(present, usual?.[player].learningRate ?? present) / 10;
    return `--set ${player}.learningRate=${Number(lower.toPrecision(2))}`;
  });
  return `Go on with smaller learning rates: \`gannet resume ${shellWord(folder)} ${rates.join(' ')}\`, or add label smoothing (--set labels.real=0.9).`;
}
