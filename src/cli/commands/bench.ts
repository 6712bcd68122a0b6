import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import {
  type Bench,
  type BenchOptions,
  bench,
  drawBench,
  FEWEST_ROUNDS,
  formatBench,
  formatScaling,
  measureScaling,
  PEERS,
  parseBench,
  replaceMeasured,
  type Scaling,
} from '../../bench/index.ts';
import { writeDrawing } from '../../charts/index.ts';
import { DEVICE_KINDS, PRECISIONS } from '../../device/index.ts';
import { ConfigError } from '../../errors.ts';
import { readRegularFileSync } from '../../files.ts';
import { isRecipeFile } from '../../models/index.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { printLine } from '../io.ts';
import { recipesNamed } from '../recipe_option.ts';

interface BenchCommandOptions extends Omit<BenchOptions, 'recipes' | 'peers' | 'onProgress' | 'onMeasured'> {
  readonly recipe?: readonly string[];
  /** `none` leaves all out. */
  readonly peers?: readonly string[];
  readonly json?: string;
  readonly chart?: string;
  readonly docs?: string;
  readonly from?: string;
  readonly ranks?: number;
}

const DEVICES = DEVICE_KINDS.filter((kind) => kind !== 'tfjs');

/** `gannet bench`: ops and training steps beside tfjs and PyTorch, as tables. */
export const addBenchCommand = (program: Command, { io }: Context): Command =>
  program
    .command('bench')
    .description(
      'time the ops and training steps of the published networks, in turns with tfjs and PyTorch where installed',
    )
    .option('--only <text...>', 'cases whose names hold one of these, in capitals or not')
    .option('--recipe <name...>', "only whole steps of these recipes, gannet's or in files of your own")
    .option('--quick', 'few rounds, and a few cases that stand for all where --only names none')
    .option('--small', 'small shapes only, at which tfjs is compared')
    .addOption(new Option('--device <kind>', 'what gannet runs on').choices(DEVICES).default('cpu'))
    .addOption(new Option('--precision <name>', 'of products on a GPU').choices(PRECISIONS).default('auto'))
    .addOption(new Option('--peers <name...>', 'those that may take part').choices([...PEERS, 'none']))
    .option('--batch <images>', "images per run at the published widths, in place of each case's own", parseCount(1))
    .option('--rounds <count>', 'how often each has its turn', parseCount(FEWEST_ROUNDS))
    .option('--json <file>', 'write the measurements there, anew after every case')
    .option('--chart <file>', 'draw them there, as .png or .svg')
    .option('--docs <page.md>', 'replace the tables on a page, and the chart beside it as .svg and .png')
    .addOption(
      new Option('--ranks <count>', 'time a step on so many processes beside one, in place of the rest')
        .argParser(parseCount(2))
        .conflicts(['only', 'quick', 'small', 'peers', 'chart', 'docs', 'from']),
    )
    .option('--from <file>', "show an earlier run's --json in place of measuring")
    .addHelpText(
      'after',
      examples({
        'gannet bench --quick': 'a few cases, in a minute or two',
        'gannet bench --ranks 2': 'how a step scales from one process to two, under mpirun',
        'gannet bench --only conv3 --peers pytorch': 'some cases, beside PyTorch alone',
        'gannet bench --recipe ./mine.ts --small': 'the step of a recipe of your own, beside tfjs',
      }),
    )
    .action(async ({ recipe, peers, json, chart, docs, from, ranks, ...options }: BenchCommandOptions) => {
      if (ranks !== undefined) {
        const scaling = await measureScaling({
          ...scalingOptions(recipe, options),
          ranks,
          onProgress: (message) => printLine(io.stderr, message),
        });
        printLine(io.stdout, formatScaling(scaling));
        if (json !== undefined) writeJson(json, scaling);
        return;
      }
      const page = docs === undefined ? undefined : openPage(docs);
      const measured =
        from === undefined
          ? await bench({
              ...options,
              recipes: await recipesNamed(recipe ?? []),
              peers: peers && PEERS.filter((peer) => peers.includes(peer)),
              onProgress: (message) => printLine(io.stderr, message),
              onMeasured: (sofar) => json !== undefined && writeJson(json, sofar),
            })
          : parseBench(readText(from), from);
      printLine(io.stdout, formatBench(measured));
      if (json !== undefined) writeJson(json, measured);
      if (chart !== undefined) await writeDrawing(chart, await drawBench(measured));
      await page?.replace(measured);
    });

/** @throws ConfigError bench_ranks for what several processes cannot be timed with */
function scalingOptions(
  recipes: readonly string[] | undefined,
  { device, precision, batch, rounds }: Pick<BenchOptions, 'device' | 'precision' | 'batch' | 'rounds'>,
) {
  if (device !== 'cpu' || precision !== 'auto' || (recipes?.length ?? 0) > 1 || recipes?.some(isRecipeFile))
    throw new ConfigError('bench_ranks', '--ranks: several processes are timed on the CPU, in one recipe of gannet');
  return { recipe: recipes?.[0], batch, rounds };
}

const writeJson = (file: string, measured: Bench | Scaling): void =>
  writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`);

/** A page whose tables can be replaced; what is wrong with it shows before anything is measured.
 *  @throws ConfigError `file_unreadable`, `bench_markers` */
function openPage(path: string): { replace(measured: Bench): Promise<void> } {
  const text = readText(path);
  replaceMeasured(text, '', path);
  const chart = path.replace(/\.md$/, '');
  const picture = `![bars of the speed of each case against the roofline](${basename(chart)}.png)`;
  return {
    replace: async (measured) => {
      for (const type of ['svg', 'png']) await writeDrawing(`${chart}.${type}`, await drawBench(measured));
      writeFileSync(path, replaceMeasured(text, `${formatBench(measured)}\n\n${picture}`, path));
    },
  };
}

function readText(path: string): string {
  try {
    return String(readRegularFileSync(path));
  } catch (cause) {
    throw new ConfigError('file_unreadable', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
