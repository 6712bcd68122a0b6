import type { Command } from 'commander';
import type { DeviceKeys } from '../../config/index.ts';
import { fateOfRecipe, listCheckpoints, resume } from '../../train/index.ts';
import { collect, parseAssignments, parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { addDeviceOptions } from '../device_options.ts';
import { examples } from '../examples.ts';
import { printLine } from '../io.ts';
import { withRanks } from '../ranks.ts';
import { addRecipeOption, type RecipeOption } from '../recipe_option.ts';
import { watchTraining } from '../watch.ts';

interface ResumeCommandOptions extends DeviceKeys, RecipeOption {
  readonly steps?: number;
  readonly step?: number;
  readonly data?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

/** `gannet resume`: goes on with a run. */
export const addResumeCommand = (program: Command, context: Context): Command =>
  addRecipeOption(addDeviceOptions(program.command('resume')))
    .description('go on with a run from its newest checkpoint, to the very bits that an unbroken run reaches')
    .argument('<run>', 'the folder of a run')
    .option('--steps <count>', 'train up to this step in place of the configured one', parseCount(1))
    .option('--step <number>', "go on from this step's checkpoint in place of the newest; 0 = anew", parseCount(0))
    .option('--data <folder>', 'where the images are now, if they have moved')
    .option(
      '--set <key=value>',
      'another value from now on, such as generator.learningRate=1e-4 (may be repeated)',
      collect,
      [],
    )
    .option('--json', 'print one JSON event per line in place of progress')
    .addHelpText(
      'after',
      examples({
        'gannet resume runs/dcgan-digits-1': 'to where the run was to end',
        'gannet resume runs/dcgan-digits-1 --steps 20000': 'further than that',
        'gannet resume runs/dcgan-digits-1 --step 500 --set generator.learningRate=1e-4':
          'from an earlier checkpoint, with another setting',
      }),
    )
    .action(async (folder: string, { json = false, set, ...options }: ResumeCommandOptions) => {
      const changes = parseAssignments(set);
      const fate = options.recipe === undefined ? await fateOfRecipe(folder) : undefined;
      const discarded = await stepsAfter(folder, options.step);
      context.exitCode = await withRanks(context, { json }, (ranks, io) => {
        if (discarded.length > 0) {
          printLine(
            io.stderr,
            `Going on from step ${options.step}. The checkpoints of later steps (${discarded.join(', ')}) will be removed when the next one is saved.`,
          );
        }
        return watchTraining(io, { json, notes: fate ? [fate] : [] }, (controls) =>
          resume(folder, { ...controls, ...options, changes, ranks }),
        );
      });
    });

/** The steps whose checkpoints a run leaves behind that is taken up again from `step`. */
async function stepsAfter(folder: string, step: number | undefined): Promise<number[]> {
  if (step === undefined) return [];
  const steps = (await listCheckpoints(folder)).map((entry) => entry.step);
  return step === 0 || steps.includes(step) ? steps.filter((later) => later > step) : [];
}
