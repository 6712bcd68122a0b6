import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { DeviceKeys } from '../../config/index.ts';
import { expectOutsideData, writePicture } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import {
  type EvaluationListener,
  evaluateRun,
  evaluationName,
  evaluationsFolder,
  writeEvaluation,
} from '../../evaluation/index.ts';
import { openFeatures } from '../../metrics/index.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { deviceNote } from '../device_note.ts';
import { addDeviceOptions } from '../device_options.ts';
import { formatEvaluation } from '../evaluation_table.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit_codes.ts';
import { runUnlessInterrupted } from '../interrupt.ts';
import { type Io, printJson, printLine } from '../io.ts';
import { createProgress } from '../progress.ts';
import { addRecipeOption, type RecipeOption } from '../recipe_option.ts';

interface EvaluateCommandOptions extends DeviceKeys, RecipeOption {
  readonly data?: string;
  readonly split?: 'train' | 'test';
  readonly count?: number;
  readonly features: string;
  readonly neighbours: number;
  readonly seed: number;
  readonly step?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `gannet evaluate`: how near a run's images come to real ones. */
export const addEvaluateCommand = (program: Command, context: Context): Command =>
  addRecipeOption(addDeviceOptions(program.command('evaluate')))
    .description("measure a run's images beside real ones, and show the real ones that are nearest to some of them")
    .argument('<run>', 'the folder of a run')
    .option('--data <data>', 'real images in place of those that the run was trained on')
    .addOption(new Option('--split <part>', 'of a data set with two parts').choices(['train', 'test']))
    .option('--count <images>', 'of either kind (default: all real ones, at most 10000)', parseCount(1))
    .option(
      '--features <network>',
      'what the images are compared by: pixels, projection, a classifier of `gannet classifier`, or an .onnx file',
      'pixels',
    )
    .option(
      '--neighbours <count>',
      'that make a neighbourhood, for precision, recall, density and coverage',
      parseCount(1),
      5,
    )
    .option('--seed <number>', 'decides the images and every random draw', parseCount(0), 1)
    .option('--step <number>', "use this step's checkpoint in place of the newest", parseCount(0))
    .option('--out <file.json>', 'where the report goes, a picture beside it (default: in the run, evaluations/)')
    .option('--json', 'print the report and the paths as one JSON object')
    .addHelpText(
      'after',
      examples({
        'gannet evaluate runs/dcgan-digits-1': 'beside the images that it was trained on',
        'gannet evaluate runs/dcgan-digits-1 --data mnist --split test --count 5000':
          'beside images that it has never seen',
        'gannet evaluate runs/dcgan-digits-1 --features digits.safetensors': 'by what `gannet classifier` has made',
      }),
    )
    .action(async (folder: string, options: EvaluateCommandOptions) => {
      const { io } = context;
      if (options.out !== undefined && !options.out.toLowerCase().endsWith('.json'))
        throw new ConfigError('out_not_json', `--out expects the name of a .json file, but received ${options.out}`);
      const evaluated = await runUnlessInterrupted(io, (signal) => evaluateWatched(folder, options, io, signal));
      if (!evaluated) {
        context.exitCode = EXIT.interrupted;
        return;
      }
      const { evaluation, neighbours } = evaluated;
      const report = options.out ?? join(evaluationsFolder(folder), `${evaluationName(evaluation)}.json`);
      const picture = report.replace(/\.json$/i, '.png');
      expectOutsideData(picture, evaluation.data);
      await writeEvaluation(report, evaluation);
      await writePicture(picture, neighbours);
      if (options.json) printJson(io.stdout, { type: 'evaluation', ...evaluation, report, picture });
      else
        printLine(
          io.stdout,
          `${formatEvaluation(evaluation)}\n\nreport in ${report}, nearest real images in ${picture}`,
        );
    });

const PHASES = { real: 'Reading real images', generated: 'Drawing images' };

/** Evaluates with a bar for the images that are read and drawn. */
async function evaluateWatched(
  folder: string,
  { features, json = false, ...options }: EvaluateCommandOptions,
  io: Io,
  signal: AbortSignal,
) {
  const bar = () => createProgress({ stream: io.stderr, environment: io.environment, silent: json });
  let [progress, phase] = [bar(), ''];
  let [startedMs, lastMs] = [performance.now(), performance.now()];
  const onProgress: EvaluationListener = (present, done, total) => {
    if (present !== phase) {
      progress.finish();
      // The first report comes after the first images: the phase began where the one before ended.
      [progress, phase, startedMs] = [bar(), present, lastMs];
      progress.message(PHASES[present]);
    }
    lastMs = performance.now();
    const seconds = (lastMs - startedMs) / 1000;
    progress.update({ step: done, total, imagesPerSecond: done / seconds, values: {} });
    if (present !== 'generated' || done < total) return;
    // The figures take up to a minute more.
    progress.finish();
    progress.message('Measuring');
  };
  try {
    return await evaluateRun(folder, {
      ...options,
      onDevice: deviceNote(io, { json }),
      features: (format) => openFeatures(features, format),
      onProgress,
      signal,
    });
  } finally {
    progress.finish();
  }
}
