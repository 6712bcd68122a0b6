import type { Config } from '../config/index.ts';
import { isRead } from '../config/keys.ts';
import { readersOf } from '../models/effects.ts';
import { recipeOf } from '../models/index.ts';
import { shellWord } from './run/shell.ts';

/** What to do about a run that has diverged, as a command: go on from its newest checkpoint at a tenth of its learning rates, or of the
 *  recipe's where those are lower. Label smoothing is advised only where the loss has targets. */
export function adviseAfterDivergence(folder: string, config: Config): string {
  const recipe = recipeOf(config);
  const rates = (['generator', 'discriminator'] as const).map((player) => {
    const present = config[player].learningRate;
    const lower = Math.min(present, recipe.defaults[player].learningRate) / 10;
    return `--set ${player}.learningRate=${Number(lower.toPrecision(2))}`;
  });
  const smoothing = isRead(config, 'labels.real', readersOf(recipe))
    ? ', or add label smoothing (--set labels.real=0.9)'
    : '';
  return `Go on with smaller learning rates: \`gannet resume ${shellWord(folder)} ${rates.join(' ')}\`${smoothing}.`;
}
