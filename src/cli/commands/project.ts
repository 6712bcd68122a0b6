import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Config, DeviceKeys } from '../../config/index.ts';
import { expectOutsideData, type Split, summariseSkipped, writePicture } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { openExplorer } from '../../explore/index.ts';
import {
  type Projection,
  type ProjectionMoment,
  projectImages,
  projectionGrid,
  projectionStrip,
  type ReadImages,
  readImages,
  readRunImages,
} from '../../projection/index.ts';
import { chooseLabel, expectConditional } from '../../train/index.ts';
import { parseCount, parseNumber } from '../config_options.ts';
import type { Context } from '../context.ts';
import { deviceNote } from '../device_note.ts';
import { addDeviceOptions } from '../device_options.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit_codes.ts';
import { runUnlessInterrupted } from '../interrupt.ts';
import { type Io, printJson, printLine } from '../io.ts';
import { commandLine, writeLatents } from '../latents.ts';
import { createProgress } from '../progress.ts';
import { addRecipeOption, type RecipeOption } from '../recipe_option.ts';
import { formatTable } from '../table.ts';

interface ProjectCommandOptions extends DeviceKeys, RecipeOption {
  readonly count?: number;
  readonly split?: Split;
  readonly starts: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly features?: string;
  readonly featureWeight: number;
  readonly class?: string;
  readonly seed: number;
  readonly step?: number;
  readonly scale?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `gannet project`: the latents whose pictures are nearest to images. */
export const addProjectCommand = (program: Command, context: Context): Command =>
  addRecipeOption(addDeviceOptions(program.command('project')))
    .description('find the latents whose pictures are nearest to images, by gradient descent through the generator')
    .argument('<run>', 'the folder of a run')
    .argument('[images...]', 'files of images, and folders of them (default: some that the run was trained on)')
    .option(
      '--count <images>',
      'without images: how many of the data that the run was trained on (default: 4)',
      parseCount(1),
    )
    .addOption(new Option('--split <part>', 'without images: of data with two parts').choices(['train', 'test']))
    .option('--starts <count>', 'places that each search begins from, of each class that is tried', parseCount(1), 4)
    .option('--steps <count>', 'steps of each search', parseCount(1), 300)
    .option('--learning-rate <number>', 'of the first step; it falls to 0', parseNumber, 0.2)
    .option(
      '--features <network>',
      'compare by a network, too: encoder of a BEGAN, or a classifier of `gannet classifier`',
    )
    .option('--feature-weight <number>', 'weight of the features beside the pixels', parseNumber, 0.1)
    .option('--class <name>', 'what a conditional run is to draw, by name or number (default: every class is tried)')
    .option('--seed <number>', 'decides the random starts, and which of the data', parseCount(0), 1)
    .option('--step <number>', "use this step's checkpoint in place of the newest", parseCount(0))
    .option('--scale <factor>', 'side of the square that one pixel of a strip becomes', parseCount(1))
    .option('--out <folder>', 'where strips and latents go (default: in the run, projections/)')
    .option('--json', 'print what was found and the paths as one JSON object')
    .addHelpText(
      'after',
      examples({
        'gannet project runs/began-1 face.jpg': 'the way to one image',
        'gannet project runs/dcgan-1 --count 8 --split test': 'images that training has not seen',
        'gannet project runs/dcgan-1 photos/ --starts 8 --out found': 'all images of a folder, more thoroughly',
      }),
    )
    .action(async (folder: string, paths: string[], options: ProjectCommandOptions) => {
      const { io } = context;
      const done = await runUnlessInterrupted(io, (signal) => project(folder, paths, options, io, signal));
      if (!done) context.exitCode = EXIT.interrupted;
    });

async function project(
  folder: string,
  paths: readonly string[],
  options: ProjectCommandOptions,
  io: Io,
  signal: AbortSignal,
): Promise<true> {
  const { out = join(folder, 'projections'), json = false } = options;
  const explorer = await openExplorer(folder, { ...options, onDevice: deviceNote(io, { json }) });
  try {
    const { config } = explorer.session.model;
    expectFolder(out);
    expectOutsideData(join(out, 'one.png'), config.data);
    const labels = options.class === undefined ? undefined : [chooseLabel(expectConditional(config), options.class)];
    const { images, names, skipped } = await imagesOf(folder, paths, config, options);
    if (skipped.length > 0 && !json) printLine(io.stderr, summariseSkipped(skipped));
    const projections = await withProgress(io, json, images.shape[0], (onProgress) =>
      projectImages(explorer, images, { ...options, labels, onProgress, signal }),
    );
    const strips: string[] = [];
    for (const [i, projection] of projections.entries()) {
      const strip = join(out, `${names[i]}.png`);
      await writePicture(strip, await projectionStrip(projection, images, i, options));
      strips.push(strip);
    }
    const latents = join(out, 'latents.json');
    await writeLatents(latents, projectionGrid(projections, names), {
      command: commandOf(folder, paths, options),
      recipe: config.recipe,
      step: explorer.step,
      seed: options.seed,
      class: sharedLabel(projections),
    });
    if (json) printJson(io.stdout, reportOf(projections, { names, strips, latents, step: explorer.step, skipped }));
    else printLine(io.stdout, `${tableOf(projections, names)}\n\nstrips in ${out}, latents in ${latents}`);
    return true;
  } finally {
    explorer.close();
  }
}

const USUAL_COUNT = 4;

/** The images that are named, or some of the run's own. @throws ConfigError projection_settings; as readImages and readRunImages */
function imagesOf(
  folder: string,
  paths: readonly string[],
  config: Config,
  { count, split, seed }: ProjectCommandOptions,
): Promise<ReadImages> {
  if (paths.length === 0) return readRunImages(folder, config, { count: count ?? USUAL_COUNT, split, seed });
  if (count === undefined && split === undefined) return readImages(paths, config);
  throw new ConfigError(
    'projection_settings',
    `--count and --split choose among the images that the run was trained on; leave them out, or leave out ${paths.join(', ')}`,
  );
}

/** @throws ConfigError out_not_folder */
function expectFolder(out: string): void {
  if (!/\.(png|jpe?g|json)$/i.test(out)) return;
  throw new ConfigError('out_not_folder', `--out: expected the name of a folder for the strips, but received ${out}`);
}

function commandOf(
  folder: string,
  paths: readonly string[],
  { out: _out, json: _json, ...given }: ProjectCommandOptions,
): string {
  return commandLine(['project', folder, ...paths], given);
}

/** The class that all images have been found with. */
function sharedLabel(projections: readonly Projection[]): string | undefined {
  const labels = new Set(projections.map(({ label }) => label));
  return labels.size === 1 ? projections[0]?.label : undefined;
}

/** Shows how far the searches are. */
async function withProgress<T>(
  io: Io,
  silent: boolean,
  images: number,
  work: (onProgress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const progress = createProgress({ stream: io.stderr, environment: io.environment, silent });
  const startedMs = performance.now();
  try {
    progress.message(images === 1 ? 'Searching the latent of 1 image' : `Searching the latents of ${images} images`);
    return await work((step, total) => {
      const seconds = (performance.now() - startedMs) / 1000;
      progress.update({ step, total, imagesPerSecond: (images * step) / total / seconds, values: {} });
    });
  } finally {
    progress.finish();
  }
}

function tableOf(projections: readonly Projection[], names: readonly string[]): string {
  const isLabelled = projections.some(({ label }) => label !== undefined);
  const rows = projections.map(({ label = '', start, way, distance }, i) => [
    names[i] as string,
    ...(isLabelled ? [label] : []),
    start,
    (way[0] as ProjectionMoment).distance.toFixed(1),
    distance.toFixed(1),
  ]);
  const head = ['image', ...(isLabelled ? ['class'] : []), 'start', 'at start', 'distance'];
  return formatTable([head, ...rows], { right: [head.length - 2, head.length - 1] });
}

interface Report {
  readonly names: readonly string[];
  readonly strips: readonly string[];
  readonly latents: string;
  readonly step: number;
  readonly skipped: readonly object[];
}

const reportOf = (projections: readonly Projection[], { names, strips, ...rest }: Report): object => ({
  type: 'projection',
  ...rest,
  images: projections.map(({ label, start, distance, way, searches }, i) => ({
    name: names[i],
    strip: strips[i],
    ...(label !== undefined && { class: label }),
    start,
    distance,
    way: way.map(({ step, distance: then }) => ({ step, distance: then })),
    searches,
  })),
});
