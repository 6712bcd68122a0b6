import type { Command } from 'commander';
import { importGenerator } from '../../export/index.ts';
import { shellWord } from '../../train/run/shell.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { printJson, printLine } from '../io.ts';
import type { RecipeOption } from '../recipe_option.ts';

interface ImportCommandOptions extends RecipeOption {
  readonly out?: string;
  readonly json?: boolean;
}

/** `gannet import`: a run made of a generator from PyTorch. */
export const addImportCommand = (program: Command, { io }: Context): Command =>
  program
    .command('import')
    .description('make a run of a generator that was exported to pytorch, and perhaps trained on there')
    .argument('<file>', 'a .safetensors file that `gannet export --to pytorch`, or `save` of its model.py, wrote')
    .option('--out <folder>', "the run's folder (default: runs/RECIPE-DATE-TIME)")
    .option('--recipe <file>', 'the file of the own recipe that the generator is of')
    .option('--json', 'print the run as one JSON object')
    .addHelpText(
      'after',
      examples({ 'gannet import model.safetensors --out runs/tuned': 'a run to draw from: gannet sample runs/tuned' }),
    )
    .action(async (file: string, { out, recipe, json }: ImportCommandOptions) => {
      const imported = await importGenerator(file, { out, recipe });
      if (json) printJson(io.stdout, { type: 'import', ...imported });
      else {
        const folder = shellWord(imported.folder);
        printLine(io.stdout, `generator of ${imported.recipe}, step ${imported.step}, in ${folder}`);
        printLine(io.stdout, `draw images: gannet sample ${folder} --count 64 --seed 1`);
      }
    });
