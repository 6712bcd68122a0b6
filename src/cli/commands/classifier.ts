import type { Command } from 'commander';
import {
  expectClassifierPlace,
  isClassifierName,
  type NetworkFiles,
  networkFiles,
  type TrainedClassifier,
  trainClassifier,
  writeClassifier,
} from '../../classifier/index.ts';
import { ConfigError } from '../../errors.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit_codes.ts';
import { runUnlessInterrupted } from '../interrupt.ts';
import { printJson, printLine } from '../io.ts';
import { formatCount } from '../units.ts';
import { addLearningOptions, describeHoldOut, type LearningOptions, learnWatched } from '../watched_learning.ts';

interface ClassifierCommandOptions extends LearningOptions {
  readonly out: string;
  readonly steps: number;
}

/** `gannet classifier`: a network that tells the classes of images apart, to evaluate runs with. */
export const addClassifierCommand = (program: Command, context: Context): Command =>
  addLearningOptions(program.command('classifier'))
    .description('train a small classifier on labelled images, by whose features `gannet evaluate` compares images')
    .requiredOption('--out <file.safetensors>', 'where its weights go; beside them a .json file tells what it is')
    .option('--steps <count>', 'updates', parseCount(1), 1500)
    .addHelpText(
      'after',
      examples({
        'gannet classifier mnist --out digits.safetensors': 'two minutes on a processor',
        'gannet classifier photos --size 64 --out photos.safetensors': 'of a folder with a folder for each class',
      }),
    )
    .action(async (data: string, options: ClassifierCommandOptions) => {
      const { io } = context;
      const { out, steps, batch, seed } = options;
      if (!isClassifierName(out)) {
        throw new ConfigError(
          'out_not_classifier',
          `--out expects the name of a .safetensors file, but received ${out}`,
        );
      }
      await expectClassifierPlace(out);
      const trained = await runUnlessInterrupted(io, (signal) =>
        learnWatched(data, options, { io, signal }, ({ parts, device, onProgress }) =>
          trainClassifier(parts, device, { steps, batch, seed, signal, onProgress }),
        ),
      );
      if (!trained) {
        context.exitCode = EXIT.interrupted;
        return;
      }
      const stored = await writeClassifier(out, trained);
      const files = networkFiles(out);
      if (options.json) printJson(io.stdout, { type: 'classifier', ...stored, ...files });
      else for (const line of describe(trained, files)) printLine(io.stdout, line);
    });

const describe = ({ name, accuracy, data }: TrainedClassifier, files: NetworkFiles): string[] => [
  `${name}: tells the class of ${(100 * accuracy).toFixed(2)} % of ${formatCount(data.holdOutImages)} images ${describeHoldOut(data)}`,
  `weights in ${files.weights}, described in ${files.description}`,
  `evaluate a run by it: gannet evaluate RUN --features ${files.weights}`,
];
