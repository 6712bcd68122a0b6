import type { Command } from 'commander';
import { clearImageCache, imageCacheFolder, listImageCache } from '../../data/index.ts';
import type { Context } from '../context.ts';
import { printJson, printLine } from '../io.ts';
import { formatTable } from '../table.ts';
import { formatBytes, formatCount } from '../units.ts';

interface CacheCommandOptions {
  readonly clear?: boolean;
  readonly json?: boolean;
}

/** `gannet cache`: the decoded images that are kept between two openings of a folder. */
export const addCacheCommand = (program: Command, { io }: Context): Command =>
  program
    .command('cache')
    .description('list the decoded images of folders that are kept on disk, or remove them')
    .option('--clear', 'remove all of them')
    .option('--json', 'print one JSON object')
    .action(async ({ clear, json }: CacheCommandOptions) => {
      const folder = imageCacheFolder() ?? null;
      if (clear) {
        const bytes = await clearImageCache();
        if (json) printJson(io.stdout, { type: 'cache', folder, clearedBytes: bytes });
        else printLine(io.stdout, `removed ${formatBytes(bytes)} from ${folder}`);
        return;
      }
      const folders = await listImageCache();
      if (json) return printJson(io.stdout, { type: 'cache', folder, folders });
      const total = folders.reduce((sum, { bytes }) => sum + bytes, 0);
      const rows = folders.map(({ folder: source, settings, images, bytes }) => [
        formatBytes(bytes),
        `${formatCount(images)} images`,
        settings,
        source,
      ]);
      if (rows.length > 0) printLine(io.stdout, formatTable(rows, { right: [0, 1] }));
      printLine(io.stdout, `${formatBytes(total)} in ${folder}`);
    });
