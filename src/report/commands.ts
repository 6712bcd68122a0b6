import { findRecipe } from '../models/index.ts';
import { shellWord } from '../train/run/shell.ts';
import type { ReportedRun } from './reported_run.ts';
import { ownSettings } from './settings.ts';

/** The command line that a run was started with, as a shell takes it; undefined if gannet's command line did not start it. */
export function startingCommand({ argv }: ReportedRun): string | undefined {
  const [, , ...words] = argv;
  return words[0] === 'train' ? ['gannet', ...words].map(shellWord).join(' ') : undefined;
}

/** A command line that trains with the same settings from the first step on, whatever changed the run on its way; undefined for a recipe
 *  that is not one of gannet. */
export function repeatingCommand(run: ReportedRun): string | undefined {
  const { summary, detail, environment, weights } = run;
  if (!findRecipe(summary.recipe)) return undefined;
  const data = environment.data ?? detail.settings.data;
  const settings = (ownSettings(run) ?? []).filter(({ key }) => key !== 'data');
  return [
    ...['gannet', 'train', summary.recipe],
    ...(data === undefined ? [] : ['--data', data]),
    ...(weights ? ['--from', weights.run] : []),
    ...settings.flatMap(({ key, value }) => ['--set', `${key}=${value}`]),
  ]
    .map(shellWord)
    .join(' ');
}
