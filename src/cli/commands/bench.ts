import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type BenchOptions, bench, FEWEST_ROUNDS, formatBench, PEERS } from '../../bench/index.ts';
import { DEVICE_KINDS, PRECISIONS } from '../../device/index.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { printLine } from '../io.ts';

interface BenchCommandOptions extends Omit<BenchOptions, 'recipes' | 'peers' | 'onProgress'> {
  readonly recipe?: readonly string[];
  /** `none` leaves all out. */
  readonly peers?: readonly string[];
  readonly json?: string;
}

const DEVICES = DEVICE_KINDS.filter((kind) => kind !== 'tfjs');

/** `gannet bench`: ops and training steps beside tfjs and PyTorch, as tables. */
export const addBenchCommand = (program: Command, { io }: Context): Command =>
  program
    .command('bench')
    .description(
      'time the ops and training steps of the published networks, in turns with tfjs and PyTorch where installed',
    )
    .option('--only <text...>', 'cases whose names hold one of these')
    .option('--recipe <name...>', 'whole steps of these recipes: dcgan, wgan-gp, began')
    .option('--quick', 'a few cases that stand for all, in few rounds')
    .option('--small', 'small shapes only, at which tfjs is compared')
    .addOption(new Option('--device <kind>', 'what gannet runs on').choices(DEVICES).default('cpu'))
    .addOption(new Option('--precision <name>', 'of products on a GPU').choices(PRECISIONS).default('auto'))
    .addOption(new Option('--peers <name...>', 'those that may take part').choices([...PEERS, 'none']))
    .option('--batch <images>', "images per run at the published widths, in place of each case's own", parseCount(1))
    .option('--rounds <count>', 'how often each has its turn', parseCount(FEWEST_ROUNDS))
    .option('--json <file>', 'write the measurements there')
    .action(async ({ recipe, peers, json, ...options }: BenchCommandOptions) => {
      const measured = await bench({
        ...options,
        recipes: recipe,
        peers: peers && PEERS.filter((peer) => peers.includes(peer)),
        onProgress: (message) => printLine(io.stderr, message),
      });
      if (json !== undefined) writeFileSync(json, `${JSON.stringify(measured, null, 2)}\n`);
      printLine(io.stdout, formatBench(measured));
    });
