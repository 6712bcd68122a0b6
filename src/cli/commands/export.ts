import { type Command, Option } from 'commander';
import { type DeviceKeys, deviceKeysOf } from '../../config/index.ts';
import {
  EXPORT_FORMATS,
  EXPORTED_NETWORKS,
  type Exported,
  type ExportFormatName,
  exportRun,
  type Layout,
  type NetworkName,
} from '../../export/index.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { deviceNote } from '../device_note.ts';
import { addDeviceOptions } from '../device_options.ts';
import { examples } from '../examples.ts';
import { printJson, printLine } from '../io.ts';
import { addRecipeOption, type RecipeOption } from '../recipe_option.ts';

interface ExportCommandOptions extends DeviceKeys, RecipeOption {
  readonly to: ExportFormatName;
  readonly network: NetworkName;
  readonly out?: string;
  readonly step?: number;
  readonly layout?: Layout;
  readonly check: boolean;
  readonly json?: boolean;
}

/** `gannet export`: a network of a run for other programs. */
export const addExportCommand = (program: Command, { io }: Context): Command =>
  addRecipeOption(addDeviceOptions(program.command('export')))
    .description("write a network of a run's newest checkpoint for other programs, and compare what it computes there")
    .argument('<run>', 'the folder of a run')
    .addOption(new Option('--to <format>', 'what to write').choices(EXPORT_FORMATS).makeOptionMandatory())
    .addOption(
      new Option('--network <name>', 'which network; what a run has besides depends on its recipe')
        .choices(EXPORTED_NETWORKS)
        .default('generator'),
    )
    .option('--out <path>', 'where it goes (default: in the run, exports/)')
    .option('--step <number>', "use this step's checkpoint in place of the newest", parseCount(0))
    .addOption(
      new Option('--layout <axes>', 'where the channels of images are (default: as the format has them)').choices([
        'NCHW',
        'NHWC',
      ]),
    )
    .option('--no-check', 'do not run the export to compare its numbers')
    .option('--json', 'print what was written as one JSON object')
    .addHelpText(
      'after',
      examples({
        'gannet export runs/dcgan-digits-1 --to onnx': 'the generator, for onnxruntime and what else reads ONNX',
        'gannet export runs/began-1 --to onnx --network encoder --out encoder.onnx': "a BEGAN's encoder",
      }),
    )
    .action(async (folder: string, { json = false, ...options }: ExportCommandOptions) => {
      const exported = await exportRun(folder, {
        ...options,
        ...deviceKeysOf(options),
        onDevice: deviceNote(io, { json }),
      });
      if (json) printJson(io.stdout, { type: 'export', ...exported });
      else for (const line of describe(exported)) printLine(io.stdout, line);
    });

function describe({ description, path, check }: Exported): string[] {
  const { network, recipe, step, averaged } = description;
  return [
    `${network} of ${recipe}, step ${step}${averaged ? ', averaged weights' : ''}, in ${path}`,
    ...(check ? [describeCheck(check)] : []),
  ];
}

function describeCheck(check: NonNullable<Exported['check']>): string {
  if ('unchecked' in check) return `not checked: ${check.unchecked}`;
  const { runtime, batches, largestError } = check;
  return `checked with ${runtime}, batches of ${batches.join(', ')}: largest error ${largestError.toExponential(1)}`;
}
