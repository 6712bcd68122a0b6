import { join } from 'node:path';
import type { Command } from 'commander';
import { writeDrawing } from '../../data/png.ts';
import { ConfigError } from '../../errors.ts';
import { drawCurves } from '../../explore/curves.ts';
import { readMetrics, readMonitors } from '../../train/index.ts';
import type { Context } from '../context.ts';
import { printLine } from '../io.ts';

/** `gannet curves`: losses and other metrics of a run as a picture. */
export const addCurvesCommand = (program: Command, { io }: Context): Command =>
  program
    .command('curves')
    .description("draw a run's metrics over its steps")
    .argument('<run>', "the run's folder")
    .option('--out <file>', 'a .png or .svg file (default: curves.png in the run)')
    .action(async (run: string, { out = join(run, 'curves.png') }: { out?: string }) => {
      if (!/\.(png|svg)$/i.test(out))
        throw new ConfigError('out_not_png', `--out expects the name of a .png or .svg file, but received ${out}`);
      await writeDrawing(out, drawCurves(await readMetrics(run), await readMonitors(run)));
      printLine(io.stdout, out);
    });
