import type { Command } from 'commander';
import { configJsonSchema } from '../../config/index.ts';
import type { Context } from '../context.ts';
import { printLine } from '../io.ts';

/** `gannet schema`: the keys of a configuration, for editors and other tools. */
export const addSchemaCommand = (program: Command, { io }: Context): Command =>
  program
    .command('schema')
    .description('print the JSON Schema of configurations: every key, what it means and what it may be')
    .action(() => printLine(io.stdout, JSON.stringify(configJsonSchema(), null, 2)));
