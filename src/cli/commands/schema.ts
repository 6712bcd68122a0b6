import type { Command } from 'commander';
import { configJsonSchema } from '../../config/index.ts';
import { loadRecipe } from '../../models/index.ts';
import type { Context } from '../context.ts';
import { printLine } from '../io.ts';

/** `gannet schema`: the keys of a configuration, for editors and other tools. */
export const addSchemaCommand = (program: Command, { io }: Context): Command =>
  program
    .command('schema')
    .description('print the JSON Schema of configurations: every key, what it means and what it may be')
    .argument('[file]', 'the file of a recipe of your own, whose keys are to be among them')
    .action(async (file: string | undefined) => {
      const options = file === undefined ? undefined : (await loadRecipe(file)).options;
      printLine(io.stdout, JSON.stringify(configJsonSchema(options), null, 2));
    });
