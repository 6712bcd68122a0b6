import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { bench, benchCases, formatBench } from '../../bench/index.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { printJson, printLine } from '../io.ts';

interface BenchCommandOptions {
  readonly recipe?: readonly string[];
  readonly rounds: number;
  readonly batch?: number;
  readonly out?: string;
  readonly json?: boolean;
}

const known = benchCases.map(({ recipe }) => recipe).join(', ');

/** `gannet bench`: full-size training steps beside PyTorch's, as a table. */
export const addBenchCommand = (program: Command, { io }: Context): Command =>
  program
    .command('bench')
    .description('time full-size training steps on the CPU, in turns with PyTorch where it is installed')
    .option('--recipe <name...>', `only these of ${known}`)
    .option('--rounds <count>', 'how often each has its turn', parseCount(1), 2)
    .option('--batch <images>', "images per update, in place of each recipe's own", parseCount(1))
    .option('--out <file.json>', 'write the measurements there as JSON')
    .option('--json', 'print the measurements as one JSON object in place of the table')
    .action(async ({ recipe, rounds, batch, out, json }: BenchCommandOptions) => {
      const onProgress = (message: string) => printLine(io.stderr, message);
      const measured = await bench({ recipes: recipe, rounds, batch, onProgress });
      if (out !== undefined) writeFileSync(out, `${JSON.stringify(measured, null, 2)}\n`);
      if (json) printJson(io.stdout, measured);
      else printLine(io.stdout, formatBench(measured));
    });
