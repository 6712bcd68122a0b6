import { extname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { type DeviceKeys, deviceKeysOf } from '../../config/index.ts';
import {
  composeGrid,
  composeImage,
  expectOutsideData,
  gridSize,
  type ImageBatch,
  type Picture,
  writePicture,
} from '../../data/index.ts';
import { decodersInFlight, forEachConcurrently } from '../../data/parallel.ts';
import { ConfigError } from '../../errors.ts';
import { composeCaptioned } from '../../explore/index.ts';
import { statOf } from '../../files.ts';
import { elements } from '../../tensor/shape.ts';
import { inRows, repeatedEach } from '../../train/by_label.ts';
import { sampleInParts } from '../../train/generated_images.ts';
import { openSampler, type TrainingSession } from '../../train/index.ts';
import { type ClassOptions, type ImageRequest, requestOf } from '../class_options.ts';
import { parseCount } from '../config_options.ts';
import type { Context } from '../context.ts';
import { deviceNote } from '../device_note.ts';
import { addDeviceOptions } from '../device_options.ts';
import { examples } from '../examples.ts';
import { printJson, printLine } from '../io.ts';
import { addRecipeOption, type RecipeOption } from '../recipe_option.ts';

interface SampleCommandOptions extends DeviceKeys, ClassOptions, RecipeOption {
  readonly seed: number;
  readonly out?: string;
  readonly step?: number;
  readonly scale: number;
  readonly separate?: boolean;
  readonly json?: boolean;
}

/** `gannet sample`: images from a checkpoint. */
export const addSampleCommand = (program: Command, { io }: Context): Command =>
  addRecipeOption(addDeviceOptions(program.command('sample')))
    .description("draw images from a run's newest checkpoint, as one grid or as single files")
    .argument('<run>', 'the folder of a run')
    .option(
      '--count <images>',
      'how many; 1 gives that image without a grid; with --classes of each (default: 64; 8 of each class)',
      parseCount(1),
    )
    .option('--class <name>', 'the class to draw, by name or number; of attributes any, such as Smiling,Male')
    .addOption(
      new Option(
        '--classes <names>',
        'a row for each of these classes, such as 3,5 or all, from the same latents',
      ).conflicts(['class', 'columns']),
    )
    .option(
      '--seed <number>',
      'the same seed draws the same images, and more of them begins with the same',
      parseCount(0),
      1,
    )
    .option(
      '--out <file.png|folder>',
      'a .png file for a grid, a folder for single files (default: in the run, samples/seed-SEED)',
    )
    .option('--step <number>', "use this step's checkpoint in place of the newest", parseCount(0))
    .option('--columns <count>', 'images in a row of the grid', parseCount(1))
    .option('--scale <factor>', 'side of the square that one pixel becomes', parseCount(1), 1)
    .addOption(new Option('--separate', 'single files 0000.png, 0001.png ... in place of a grid').conflicts('columns'))
    .option('--json', 'print the paths as one JSON object')
    .addHelpText(
      'after',
      examples({
        'gannet sample runs/dcgan-digits-1 --count 16 --seed 7 --out grid.png': 'a grid of 16',
        'gannet sample runs/dcgan-digits-1 --count 1000 --separate --out images/': 'single files',
        'gannet sample runs/dcgan-digits-conditional-1 --class 7': 'sevens',
        'gannet sample runs/dcgan-digits-conditional-1 --classes all': 'a row for each digit',
      }),
    )
    .action(async (folder: string, options: SampleCommandOptions) => {
      const { step, recipe } = options;
      const { out, separate } = destination(folder, options);
      const onDevice = deviceNote(io, options);
      const session = await openSampler(folder, { step, recipe, onDevice, ...deviceKeysOf(options) });
      try {
        const request = requestOf(session.model.config, options);
        expectPossible(session, request, { ...options, out, separate });
        const { latents, labels } = await drawLatents(session, request, options.seed);
        const paths = separate ? await writeSeparately(out, sampleInParts(session, latents, labels), options) : [out];
        if (!separate)
          await writePicture(out, await pictureOf(await session.sample(latents, labels), request, options));
        if (options.json) {
          const names = request.labels?.map(({ name }) => name);
          printJson(io.stdout, { type: 'images', count: countOf(request), paths, ...(names && { labels: names }) });
        } else printLine(io.stdout, describe(paths, out, countOf(request)));
      } finally {
        session.close();
      }
    });

const countOf = ({ labels, latents }: ImageRequest): number => labels?.length ?? latents;

const describe = (paths: readonly string[], out: string, count: number): string =>
  count === 1 ? `1 image in ${paths[0]}` : `${count} images in ${out}`;

/** Where to write, and whether as single files. @throws ConfigError */
function destination(folder: string, { out, separate = false, ...options }: SampleCommandOptions) {
  if (out === undefined)
    return { out: join(folder, 'samples', `${usualName(options)}${separate ? '' : '.png'}`), separate };
  const isPicture = out.toLowerCase().endsWith('.png') && !isFolder(out);
  if (OTHER_PICTURES.includes(extname(out).toLowerCase()) && !isFolder(out)) {
    throw new ConfigError('out_not_png', `--out expects the name of a .png file or a folder, but received ${out}`);
  }
  if (separate && isPicture) {
    throw new ConfigError('out_not_folder', `--separate expects --out to name a folder, but received ${out}`);
  }
  return { out, separate: !isPicture };
}

/** The name of what is drawn; a class may be called by anything, a file may not. */
function usualName({ seed, class: one, classes }: Pick<SampleCommandOptions, 'seed' | 'class' | 'classes'>): string {
  const asked = one === undefined ? (classes === undefined ? '' : `-classes-${classes}`) : `-class-${one}`;
  return `seed-${seed}${asked.replaceAll(/[^\p{L}\p{N},_-]/gu, '_')}`;
}

/** Names that promise a picture of a kind that is not written. */
const OTHER_PICTURES = ['.jpg', '.jpeg', '.webp', '.gif', '.tif', '.tiff', '.bmp', '.avif', '.svg', '.pdf'];

const isFolder = (path: string): boolean => statOf(path)?.isDirectory() ?? false;

/** Told before anything is drawn, which may take long. @throws ConfigError out_in_data, picture_too_large */
function expectPossible(
  { model: { config, generator } }: TrainingSession,
  request: ImageRequest,
  { out, separate, ...options }: SampleCommandOptions & ReturnType<typeof destination>,
): void {
  const [height, width, channels] = generator.outputShape as [number, number, number];
  const count = countOf(request);
  expectOutsideData(separate ? join(out, 'one.png') : out, config.data);
  gridSize(separate ? 1 : count, [height, width], { ...options, columns: request.columns });
  // Of single files a few are there at a time, but all latents.
  expectMemoryFor(count, separate ? elements(generator.inputShape) : height * width * channels);
}

/** Numbers that are held at once, 2 GiB of them. */
const MOST_NUMBERS = 2 ** 29;

function expectMemoryFor(count: number, numbersEach: number): void {
  if (count * numbersEach <= MOST_NUMBERS) return;
  const most = Math.floor(MOST_NUMBERS / numbersEach);
  throw new ConfigError(
    'picture_too_large',
    `--count: ${count} images were asked for, and at most ${most} are drawn at once here; draw more by further commands with other seeds`,
  );
}

/** The latents and labels of every image. */
async function drawLatents(
  session: TrainingSession,
  request: ImageRequest,
  seed: number,
): Promise<{ readonly latents: Float32Array; readonly labels?: Float32Array }> {
  const latents = await session.drawLatents(request.latents, seed);
  if (request.rows) return inRows(session, latents, request.rows);
  return { latents, ...(request.labels && { labels: repeatedEach(request.labels, 1) }) };
}

/** Rows have their class before them; other grids have no captions. */
async function pictureOf(
  images: ImageBatch,
  { rows, columns }: ImageRequest,
  { scale }: SampleCommandOptions,
): Promise<Picture> {
  if (!rows) return composeGrid(images, { columns, scale });
  const each = images.shape[0] / rows.length;
  const pictured = rows.map(({ name }, row) => ({
    caption: name,
    pictures: Array.from({ length: each }, (_, i) => composeImage(images, row * each + i)),
  }));
  return composeCaptioned({ columns: [], rows: pictured }, { scale });
}

/** Writes each image as a file of its own, those of a batch while the next is drawn. */
async function writeSeparately(
  folder: string,
  batches: AsyncIterable<ImageBatch>,
  { scale }: SampleCommandOptions,
): Promise<string[]> {
  const paths: string[] = [];
  let written = Promise.resolve();
  for await (const images of batches) {
    await written;
    const first = paths.length;
    for (let i = 0; i < images.shape[0]; i++) paths.push(join(folder, `${String(first + i).padStart(4, '0')}.png`));
    written = forEachConcurrently(images.shape[0], decodersInFlight(), (i) =>
      writePicture(paths[first + i] as string, composeGrid(imageOf(images, i), { scale })),
    );
    // Told when it is waited for, whatever drawing throws before.
    written.catch(() => {});
  }
  await written;
  return paths;
}

/** Image i of a batch as a batch of its own. */
function imageOf({ data, shape: [count, ...size] }: ImageBatch, i: number): ImageBatch {
  const width = data.length / count;
  return { data: data.subarray(i * width, (i + 1) * width), shape: [1, ...size] };
}
