import { join } from 'node:path';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { writeDrawing } from '../../charts/index.ts';
import { type Config, conditionedOn, type DeviceKeys, isConditional } from '../../config/index.ts';
import { expectOutsideData, expectPictureSize, writePicture } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import {
  describeSweep,
  drawSweep,
  type Explorer,
  followsVariable,
  type Origin,
  openExplorer,
  readLatents,
  type Sweep,
} from '../../explore/index.ts';
import { chooseLabel, expectConditional, type LabelChoice } from '../../train/index.ts';
import { parseCount, parseNumber } from '../config_options.ts';
import type { Context } from '../context.ts';
import { deviceNote } from '../device_note.ts';
import { addDeviceOptions } from '../device_options.ts';
import { examples } from '../examples.ts';
import { expectPossible, type GridMaker, type MadeGrid, PICTURES, type PictureOptions } from '../explore_pictures.ts';
import { printJson, printLine } from '../io.ts';
import { commandLine, writeLatents } from '../latents.ts';
import { addRecipeOption, type RecipeOption } from '../recipe_option.ts';

interface ExploreCommandOptions extends PictureOptions, DeviceKeys, RecipeOption {
  readonly step?: number;
  readonly latents?: string;
  readonly class?: string;
  readonly scale?: number;
  readonly out?: string;
  readonly json?: boolean;
}

const collect = (value: string, previous: readonly string[]): string[] => [...previous, value];

function parseIndices(text: string): number[] {
  if (/^\d+(,\d+)*$/.test(text)) return text.split(',').map(Number);
  throw new InvalidArgumentError('It should be whole numbers with commas between them, such as 0,3,5.');
}

function parseRange(text: string): number {
  const range = parseNumber(text);
  if (range > 0) return range;
  throw new InvalidArgumentError('It should be a number above 0.');
}

const HELP = `
interpolate  paths between pairs of random latents
mean         the image at the mean of the descriptors (BEGAN)
eigen        movement along the strongest directions, in standard deviations
montage      random descriptors, neutral and with each trait (BEGAN)
sequence     random descriptors from neutral to the full trait (BEGAN)
arithmetic   mean of group a - mean of group b + mean of group c
sweep        a representative variable from 0 on, with what the extractor
             reads below each picture (Extractor GAN)

A trait file names combinations of directions, coefficients in standard
deviations: {"smile": {"0": 1.5, "3": -2}}.
Beside every picture its latents are written as JSON; --latents makes the
picture again.`;

/** `gannet explore`: pictures of a run's latent space. */
export const addExploreCommand = (program: Command, { io }: Context): Command =>
  addRecipeOption(addDeviceOptions(program.command('explore')))
    .description("make a picture of a run's latent space, its latents as JSON beside it")
    .argument('<run>', 'the folder of a run')
    .addArgument(new Argument('[picture]', 'which one; none with --latents').choices(Object.keys(PICTURES)))
    .option('--step <number>', "use this step's checkpoint in place of the newest", parseCount(0))
    .option('--seed <number>', 'decides the random latents, numbered as `gannet sample` draws them', parseCount(0), 1)
    .option('--rows <count>', 'rows of the picture', parseCount(1))
    .option('--columns <count>', 'columns of the picture', parseCount(1))
    .option(
      '--directions <indices>',
      'eigen: which to show; montage, sequence: which to take out, or to show without a trait file',
      parseIndices,
    )
    .option('--range <deviations>', 'eigen: how far to go either way', parseRange, 3)
    .addOption(
      new Option('--arc <kind>', 'interpolate: (default: linear for BEGAN, else spherical)').choices([
        'linear',
        'spherical',
      ]),
    )
    .option('--traits <file.json>', 'montage, sequence: the traits')
    .option(
      '--trait <name>',
      'one of the traits, or a sum such as smile+tan (may be repeated; default: all)',
      collect,
      [],
    )
    .option(
      '--a <group>',
      'arithmetic: numbers of random latents (3,17), a latents file, or some of one (FILE.json#0,3)',
    )
    .option('--b <group>', 'arithmetic: the group that is taken away')
    .option('--c <group>', 'arithmetic: the group that is added')
    .option('--variable <name>', 'sweep: the representative variable (default: the first)')
    .option('--to <value>', 'sweep: how far it goes from 0 (default: 1)', parseRange)
    .option('--latents <file.json>', 'make the picture of these latents')
    .option('--class <name>', 'the class that a conditional run draws, by name or number')
    .option('--scale <factor>', 'side of the square that one pixel becomes', parseCount(1))
    .option('--out <file.png>', 'where the picture goes (default: in the run, explore/PICTURE-seed-SEED.png)')
    .option('--json', 'print the paths as one JSON object')
    .addHelpText('after', HELP)
    .addHelpText(
      'after',
      examples({
        'gannet explore runs/began-1 interpolate --rows 4': 'paths between random latents',
        'gannet explore runs/began-1 eigen --range 2': 'movement along the strongest directions',
        'gannet explore runs/extractor-gan-1 sweep --to 2': 'brightness up to twice of what training knows',
      }),
    )
    .action(async (folder: string, picture: string | undefined, options: ExploreCommandOptions) => {
      checkRequest(picture, options);
      const out = options.out ?? join(folder, 'explore', `${picture ?? 'latents'}-seed-${options.seed}.png`);
      const explorer = await openExplorer(folder, { ...options, onDevice: deviceNote(io, options) });
      try {
        if (picture !== undefined) expectPossible(picture, explorer);
        expectOutsideData(out, explorer.session.model.config.data);
        expectRoom(explorer, options);
        const origin = originOf(folder, picture, options, explorer);
        const made =
          picture === undefined
            ? await remembered(options.latents as string, origin, explorer)
            : { makeGrid: PICTURES[picture] as GridMaker, origin };
        const label = labelOf(explorer.session.model.config, options.class ?? made.origin.class);
        const { sweep, ...grid } = await made.makeGrid(explorer, options, label);
        await writePicture(out, await explorer.render(grid, { ...options, label }));
        const latents = out.replace(/\.png$/i, '.json');
        await writeLatents(latents, grid, { ...made.origin, class: label?.name });
        const swept = sweep && (await writeSweep(out, sweep));
        if (options.json)
          printJson(io.stdout, { type: 'explore', picture: out, latents, step: explorer.step, ...swept });
        else printLine(io.stdout, `picture in ${out}, its latents in ${latents}`);
        if (sweep && !options.json)
          for (const line of [`curve in ${swept?.curve}`, describeSweep(sweep)]) printLine(io.stdout, line);
      } finally {
        explorer.close();
      }
    });

function checkRequest(picture: string | undefined, { latents, out }: ExploreCommandOptions): void {
  if ((picture === undefined) === (latents === undefined)) {
    throw new ConfigError(
      'explore_picture',
      `expected either a picture (${Object.keys(PICTURES).join(', ')}) or --latents FILE.json`,
    );
  }
  if (out !== undefined && !out.toLowerCase().endsWith('.png')) {
    throw new ConfigError('out_not_png', `--out expects the name of a .png file, but received ${out}`);
  }
}

/** What a conditional run is to draw. @throws ConfigError class_missing, class_unknown, run_unconditional */
function labelOf(config: Config, asked: string | undefined): LabelChoice | undefined {
  if (asked !== undefined) return chooseLabel(expectConditional(config), asked);
  if (!isConditional(config)) return undefined;
  const { kind, names } = conditionedOn(config);
  throw new ConfigError(
    'class_missing',
    `this run draws what it is asked for: choose with --class among the ${kind} ${names.join(', ')}`,
  );
}

/** Refuses a picture that cannot be written before anything is drawn. @throws ConfigError picture_too_large */
function expectRoom({ session }: Explorer, { rows = 1, columns = 1, scale = 1 }: ExploreCommandOptions): void {
  const [height, width] = session.model.generator.outputShape as [number, number, number];
  expectPictureSize(columns * width * scale, rows * height * scale);
}

/** The grid of a latents file. What made the latents is told on; the checkpoint is the present one. */
async function remembered(path: string, { step, recipe }: Origin, { space }: Explorer) {
  const { origin, ...grid } = await readLatents(path, space.size);
  return { makeGrid: (): MadeGrid => grid, origin: { ...origin, step, recipe } };
}

function originOf(
  folder: string,
  picture: string | undefined,
  options: ExploreCommandOptions,
  { session, step }: Explorer,
): Origin {
  const { out: _out, json: _json, ...given } = options;
  return {
    command: commandLine(['explore', folder, picture], given),
    recipe: session.model.config.recipe,
    step,
    seed: options.seed,
  };
}

/** Draws what a sweep read beside the picture, and answers where with the numbers. */
async function writeSweep(picture: string, made: Sweep) {
  const curve = picture.replace(/\.png$/i, '-curve.png');
  await writeDrawing(curve, await drawSweep(made));
  const { grid: _, ...numbers } = made;
  return { curve, follows: followsVariable(made), ...numbers };
}
