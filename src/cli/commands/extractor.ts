import { type Command, InvalidArgumentError } from 'commander';
import { formatSetting, oneForm } from '../../config/image_size.ts';
import {
  epochFile,
  expectExtractorPlace,
  expectTellable,
  type TrainedExtractor,
  trainExtractor,
  writeExtractor,
} from '../../extractor/index.ts';
import { shellWord } from '../../train/run/shell.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit_codes.ts';
import { runUnlessInterrupted } from '../interrupt.ts';
import { printJson, printLine } from '../io.ts';
import { formatCount } from '../units.ts';
import { addLearningOptions, describeHoldOut, type LearningOptions, learnWatched } from '../watched_learning.ts';

interface ExtractorCommandOptions extends LearningOptions {
  readonly read: readonly string[];
  readonly out: string;
  readonly epochs: number;
}

/** `gannet extractor train`: a network that reads labels off images, for an Extractor GAN to be trained with. */
export function addExtractorCommand(program: Command, context: Context): Command {
  const command = program.command('extractor').description('networks that read labels off images, for Extractor GANs');
  addLearningOptions(command.command('train'))
    .description('train an extractor on labelled images, and keep it after every epoch')
    .requiredOption(
      '--read <labels>',
      'classes or attributes that it reads, each by itself, such as 7 or Smiling,Male',
      names,
    )
    .requiredOption(
      '--out <folder>',
      'where it is kept: epoch-01.safetensors and so on, each with a .json file beside it',
    )
    .option('--epochs <count>', 'passes over the images', parseCount(1), 25)
    .addHelpText(
      'after',
      examples({
        'gannet extractor train mnist --read 7 --out sevens': 'half an hour on a processor; --epochs 2 does for digits',
        'gannet train extractor-gan --data mnist --size 32 --channels 1 --set extractor.measures=[] --set extractor.labels=7 --set extractor.file=sevens/epoch-25.safetensors':
          'a generator that is told whether to draw a seven',
      }),
    )
    .action((data: string, options: ExtractorCommandOptions) => train(data, options, context));
  return command;
}

function names(text: string): string[] {
  const found = text.split(',').map((name) => name.trim());
  if (found.every((name, i) => name !== '' && found.indexOf(name) === i)) return found;
  throw new InvalidArgumentError('It should be names with commas between them, each once, such as Smiling,Male.');
}

async function train(data: string, options: ExtractorCommandOptions, context: Context): Promise<void> {
  const { io } = context;
  const { read: labels, out, epochs, batch, seed, json } = options;
  const check = (dataset: Parameters<typeof expectTellable>[0]): void => expectTellable(dataset, labels);
  let last: string | undefined;
  await expectExtractorPlace(out, epochs);
  const trained = await runUnlessInterrupted(io, (signal) =>
    learnWatched(data, options, { io, signal, check }, ({ parts, device, onProgress, message }) => {
      const onEpoch = async (extractor: TrainedExtractor): Promise<void> => {
        last = epochFile(out, extractor.training.epochs);
        await writeExtractor(last, extractor);
        message(`${last}: ${describeAccuracies(extractor)}`);
      };
      return trainExtractor(parts, labels, device, { epochs, batch, seed, signal, onProgress, onEpoch });
    }),
  );
  if (!trained) {
    context.exitCode = EXIT.interrupted;
    return;
  }
  const { weights: _, ...about } = trained;
  if (json) printJson(io.stdout, { type: 'extractor', ...about, path: last });
  else for (const line of describe(trained, last as string)) printLine(io.stdout, line);
}

const describeAccuracies = ({ labels, accuracies }: TrainedExtractor): string =>
  labels.map((name, i) => `${name} ${(100 * (accuracies[i] as number)).toFixed(2)} %`).join(', ');

const describe = (trained: TrainedExtractor, path: string): string[] => [
  `${trained.name}: tells whether an image has a label for ${describeAccuracies(trained)} of ${formatCount(trained.data.holdOutImages)} images ${describeHoldOut(trained.data)}`,
  `train a generator by it: gannet train extractor-gan --data DATA --size ${formatSetting(oneForm(trained.size))} --channels ${trained.channels} --set extractor.labels=${shellWord(trained.labels.join(','))} --set extractor.file=${shellWord(path)}`,
];
