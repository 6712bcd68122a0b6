import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type Theme, writeDrawing } from '../../charts/index.ts';
import { ConfigError } from '../../errors.ts';
import { drawCurves } from '../../explore/curves.ts';
import { readMetrics, readMonitors } from '../../train/index.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { printLine } from '../io.ts';
import { addRecipeOption, type RecipeOption } from '../recipe_option.ts';

interface CurvesOptions extends RecipeOption {
  readonly out?: string;
  readonly theme: Theme;
  readonly smooth?: number;
}

/** `gannet curves`: losses and other metrics of a run as a picture. */
export const addCurvesCommand = (program: Command, { io }: Context): Command =>
  addRecipeOption(program.command('curves'))
    .description("draw a run's metrics over its steps")
    .argument('<run>', "the run's folder")
    .option('--out <file>', 'a .png or .svg file (default: curves.png in the run)')
    .addOption(new Option('--theme <theme>', 'the page it is for').choices(['light', 'dark']).default('light'))
    .option(
      '--smooth <points>',
      'points after which a value counts half in the smoothed line; 0 for none',
      parseCount(0),
    )
    .action(async (run: string, { out = join(run, 'curves.png'), theme, smooth: halfLife, recipe }: CurvesOptions) => {
      if (!/\.(png|svg)$/i.test(out))
        throw new ConfigError('out_not_png', `--out expects the name of a .png or .svg file, but received ${out}`);
      const drawing = await drawCurves(await readMetrics(run), await readMonitors(run, { recipe }), {
        theme,
        halfLife,
      });
      await writeDrawing(out, drawing);
      printLine(io.stdout, out);
    });
