import { once } from 'node:events';
import { type Command, Option } from 'commander';
import type { DeviceKeys } from '../../config/index.ts';
import { openWatch } from '../../watch/index.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { addDeviceOptions } from '../device_options.ts';
import { examples } from '../examples.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { printLine } from '../io.ts';
import { describeWatch } from '../watch_page.ts';

interface WatchCommandOptions extends DeviceKeys {
  readonly host: string;
  readonly port?: number;
}

/** `gannet watch`: a page over runs, in a browser. */
export const addWatchCommand = (program: Command, { io }: Context): Command =>
  addDeviceOptions(program.command('watch'))
    .description('show runs in a browser while they train: curves, samples, comparisons')
    .argument('[folder]', 'a folder with runs in it, or that of one run', 'runs')
    .addOption(
      new Option('--host <address>', 'where to listen; any other than this opens the page to other machines').default(
        '127.0.0.1',
      ),
    )
    .option('--port <number>', 'where to listen (default: 6116, or any that is free)', parseCount(0, 65535))
    .addHelpText(
      'after',
      examples({
        'gannet watch': 'every run in runs/',
        'gannet watch runs/dcgan-digits-1': 'one run',
      }),
    )
    .action(async (folder: string, options: WatchCommandOptions) => {
      const watch = await openWatch(folder, options);
      for (const line of describeWatch(watch, folder)) printLine(io.stdout, line);
      const { signal, dispose } = listenForInterrupt(io, 'Closing the page.');
      if (!signal.aborted) await once(signal, 'abort');
      dispose();
      await watch.close();
    });
