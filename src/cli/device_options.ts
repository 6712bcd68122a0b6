import { type Command, InvalidArgumentError, Option } from 'commander';
import { PRECISIONS } from '../device/index.ts';
import { didYouMean } from '../suggest.ts';
import { parseCount } from './config_options.ts';

/** Adds the options that say where and how a command computes: the keys `device`, `threads` and `precision`, of which a command about a run
 *  takes those that the run was configured with where nothing is given. */
export const addDeviceOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--device <kind>', 'auto, which is a GPU if one answers; cpu, cuda or simt').argParser(parseDevice),
    )
    .option('--threads <count>', 'processor threads; 0 = all', parseCount(0))
    .addOption(new Option('--precision <name>', 'how a GPU multiplies').choices(PRECISIONS));

const DEVICES = ['auto', 'cpu', 'cuda', 'simt'] as const;
const CALLED_CUDA = ['gpu', 'nvidia'];

function parseDevice(text: string): (typeof DEVICES)[number] {
  const device = DEVICES.find((kind) => kind === text);
  if (device !== undefined) return device;
  const meant = CALLED_CUDA.includes(text.toLowerCase()) ? " Did you mean 'cuda'?" : didYouMean(text, DEVICES);
  throw new InvalidArgumentError(`It should be one of ${DEVICES.join(', ')}.${meant}`);
}
