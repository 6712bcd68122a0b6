import { type Command, Option } from 'commander';
import type { Config } from '../../config/index.ts';
import { countCost, GPUS, type GpuName, PRECISIONS, type Precision, precisionOn } from '../../device/index.ts';
import { compile, NATIVE_REDUCTIONS, printProgram } from '../../graph/index.ts';
import { createModel, summarize } from '../../train/index.ts';
import { addConfigOptions, type ConfigOptions, configFrom } from '../config_options.ts';
import type { Context } from '../context.ts';
import { type CountedProgram, formatCost } from '../cost_table.ts';
import { examples } from '../examples.ts';
import { printJson, printLine } from '../io.ts';
import { formatSummary } from '../summary_table.ts';

interface PlanCommandOptions extends ConfigOptions {
  readonly json?: boolean;
  readonly program?: boolean;
  readonly launches?: boolean;
  readonly device?: 'cuda';
  readonly gpu: GpuName;
  readonly precision: Precision;
}

/** `gannet plan`: what a configuration builds and needs, without data or a device. */
export const addPlanCommand = (program: Command, { io }: Context): Command =>
  addConfigOptions(program.command('plan'))
    .description('print layers, shapes, parameters, operations per step and memory of a recipe')
    .option('--program', 'print the programs of a training step: every op and where its values lie')
    .addOption(
      new Option('--device <name>', 'count what a step costs on a GPU, which need not be there').choices(['cuda']),
    )
    .addOption(new Option('--gpu <name>', 'the GPU to count for').choices(Object.keys(GPUS)).default('a100'))
    .addOption(new Option('--precision <name>', 'how the GPU multiplies').choices(PRECISIONS).default('auto'))
    .option('--launches', 'with --device: list every launch')
    .option('--json', 'print it as one JSON object')
    .addHelpText(
      'after',
      examples({
        'gannet plan dcgan': 'layers, parameters, memory',
        'gannet plan dcgan --device cuda --gpu h100 --precision bfloat16':
          'what a step should cost on a GPU that need not be here',
      }),
    )
    .action(async (source: string, { device, gpu, precision, launches = false, ...options }: PlanCommandOptions) => {
      const config = await configFrom(source, options);
      if (device) {
        const programs = countPrograms(config, gpu, precision);
        if (options.json) return printJson(io.stdout, { model: true, gpu, programs });
        return printLine(
          io.stdout,
          formatCost(programs, GPUS[gpu], { precision: precisionOn(GPUS[gpu], precision), launches }),
        );
      }
      if (options.program) return printLine(io.stdout, programText(config));
      const summary = summarize(config);
      if (options.json) printJson(io.stdout, { ...summary, config });
      else printLine(io.stdout, formatSummary(summary, config));
    });

const programText = (config: Config): string =>
  createModel(config)
    .match.programs.map(({ trace }) => printProgram(compile(trace(), NATIVE_REDUCTIONS)))
    .join('\n\n');

const countPrograms = (config: Config, gpu: GpuName, precision: Precision): CountedProgram[] =>
  createModel(config).match.programs.map(({ trace, repeats }) => ({
    cost: countCost(trace(), GPUS[gpu], precision),
    repeats: repeats.usual,
  }));
