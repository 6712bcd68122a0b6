import type { Command } from 'commander';
import { compile, printProgram } from '../../graph/index.ts';
import type { Config } from '../../models/index.ts';
import { createModel, stepPrograms, summarize } from '../../train/index.ts';
import { addConfigOptions, type ConfigOptions, configFrom } from '../config_options.ts';
import type { Context } from '../context.ts';
import { printJson, printLine } from '../io.ts';
import { formatSummary } from '../summary_table.ts';

interface PlanCommandOptions extends ConfigOptions {
  readonly json?: boolean;
  readonly program?: boolean;
}

/** `gannet plan`: what a configuration builds and needs, without data or a device. */
export const addPlanCommand = (program: Command, { io }: Context): Command =>
  addConfigOptions(program.command('plan'))
    .description('print layers, shapes, parameters, operations per step and memory of a recipe')
    .option('--program', 'print the programs of a training step: every op and where its values lie')
    .option('--json', 'print it as one JSON object')
    .action((source: string, options: PlanCommandOptions) => {
      const config = configFrom(source, options);
      if (options.program) return printLine(io.stdout, programText(config));
      const summary = summarize(config);
      if (options.json) printJson(io.stdout, { ...summary, config });
      else printLine(io.stdout, formatSummary(summary, config));
    });

const programText = (config: Config): string =>
  stepPrograms(createModel(config))
    .map(({ graph }) => printProgram(compile(graph, new Set())))
    .join('\n\n');
