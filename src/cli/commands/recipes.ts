import type { Command } from 'commander';
import { recipes } from '../../models/index.ts';
import type { Context } from '../context.ts';
import { printJson, printLine } from '../io.ts';
import { formatTable } from '../table.ts';

/** `gannet recipes`: what can be trained. */
export const addRecipesCommand = (program: Command, { io }: Context): Command =>
  program
    .command('recipes')
    .description('list the recipes')
    .option('--json', 'print them as one JSON array, with their default settings')
    .action(({ json }: { json?: boolean }) => {
      if (json)
        return printJson(
          io.stdout,
          recipes.map(({ name, summary, defaults }) => ({ name, summary, defaults })),
        );
      printLine(io.stdout, formatTable(recipes.map(({ name, summary }) => [name, summary])));
    });
