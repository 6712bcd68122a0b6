import { type Command, Option } from 'commander';
import type { Ranks } from '../../device/index.ts';
import { ConfigError } from '../../errors.ts';
import { train, type WeightSource } from '../../train/index.ts';
import { addConfigOptions, type ConfigOptions, changesFrom, parseCount, parseNumber } from '../config_options.ts';
import type { Context } from '../context.ts';
import { configForData } from '../data_channels.ts';
import { addDeviceOptions } from '../device_options.ts';
import { examples } from '../examples.ts';
import { printJson } from '../io.ts';
import { addLabelOptions, DATA_CHOICES } from '../label_options.ts';
import { isFirst, withRanks } from '../ranks.ts';
import { rehearse } from '../rehearsal.ts';
import { type TrainingControls, watchTraining } from '../watch.ts';
import { withPage } from '../watch_page.ts';

interface TrainCommandOptions extends ConfigOptions {
  readonly out?: string;
  readonly from?: string;
  readonly step?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** `gannet train`: a new run, from its first step. */
export const addTrainCommand = (program: Command, context: Context): Command =>
  addDeviceOptions(addLabelOptions(addConfigOptions(program.command('train'))))
    .description('train a GAN; Ctrl-C saves and stops, `gannet resume` goes on')
    .option('--data <name|folder>', DATA_CHOICES)
    .option('--steps <count>', 'how long to train', parseNumber)
    .addOption(
      new Option('--epochs <count>', 'passes over the data to train for').argParser(parseNumber).conflicts('steps'),
    )
    .option('--seed <number>', 'decides weights, latents and the order of the images', parseNumber)
    .option('--out <folder>', "the run's folder (default: runs/RECIPE-DATE-TIME)")
    .option('--from <run>', 'begin with the weights of another run, where they fit')
    .option('--step <number>', "with --from: of this step's checkpoint in place of the newest", parseCount(0))
    .option('--stop-on-collapse', 'end the run when its samples have become alike (exit code 5)')
    .option('--dry-run', 'check configuration, data and device, print the plan, and train nothing')
    .option('--watch', 'show the training in a browser while it lasts; its address is printed')
    .option('--json', 'print one JSON event per line in place of progress')
    .addHelpText(
      'after',
      examples({
        'gannet train dcgan-digits': 'digits, in a few minutes on a laptop',
        'gannet train dcgan --data photos/ --size 64 --steps 20000': 'a folder of images',
        'gannet train dcgan --data photos/ --from runs/dcgan-faces-1': 'with the weights of another run',
        'gannet train dcgan-digits --dry-run': 'what would be trained, and on what',
      }),
    )
    .action(async (source: string, given: TrainCommandOptions) => {
      const { out, from: run, step, dryRun, json = false, watch = false, ...options } = given;
      const from = sourceOf(run, step);
      const changes = await changesFrom(source, options);
      if (dryRun) {
        context.exitCode = await withRanks(context, { json }, async (ranks, io) => {
          const { config, notes } = await configForData(changes);
          await rehearse(config, io, { json, notes, from, ranks });
          ranks?.end();
          return 0;
        });
        return;
      }
      const notes: string[] = [];
      const tellPage: Parameters<typeof withPage>[1] = (page) => {
        if (json) printJson(context.io.stdout, { type: 'watch', ...('url' in page ? { url: page.url } : page) });
        else notes.push('url' in page ? `Watch it at ${page.url}` : `There is no page: ${page.problem}`);
      };
      // Looking at the images takes a while, in which a signal must be heard already.
      async function* start(controls: TrainingControls, ranks: Ranks | undefined) {
        const fitted = await configForData(changes);
        notes.push(...fitted.notes);
        const training = train(fitted.config, { ...controls, out, from, ranks });
        yield* watch && isFirst(ranks) ? withPage(training, tellPage) : training;
      }
      context.exitCode = await withRanks(context, { json }, (ranks, io) =>
        watchTraining(io, { json, notes }, (controls) => start(controls, ranks)),
      );
    });

/** @throws ConfigError from_missing */
function sourceOf(run: string | undefined, step: number | undefined): WeightSource | undefined {
  if (run !== undefined) return { run, step };
  if (step === undefined) return undefined;
  throw new ConfigError(
    'from_missing',
    `--step ${step} names a checkpoint of the run that --from names, but there is no --from; how long to train, --steps says`,
  );
}
