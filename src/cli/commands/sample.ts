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
  writeGrid,
  writePicture,
} from '../../data/index.ts';
import type { DeviceListener } from '../../device/index.ts';
import { ConfigError } from '../../errors.ts';
import { composeCaptioned } from '../../explore/index.ts';
import { statOf } from '../../files.ts';
import { type LabelChoice, openSampler, repeatedEach, sampleRows } from '../../train/index.ts';
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
      const { out, separate } = destination(folder, options);
      const drawn = await draw(folder, options, { out, separate, onDevice: deviceNote(io, options) });
      const { images, labels } = drawn;
      const paths = separate ? await writeSeparately(out, images, options) : [out];
      if (!separate) await writePicture(out, await pictureOf(drawn, options));
      const count = images.shape[0];
      if (options.json)
        printJson(io.stdout, { type: 'images', count, paths, ...(labels && { labels: namesOf(labels) }) });
      else printLine(io.stdout, describe(paths, out, count));
    });

const namesOf = (labels: readonly LabelChoice[]): string[] => labels.map(({ name }) => name);

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

/** Images that were drawn, and what was asked for. */
type Drawn = ImageRequest & { readonly images: ImageBatch };

async function draw(
  folder: string,
  { seed, step, recipe, ...options }: SampleCommandOptions,
  { out, separate, onDevice }: ReturnType<typeof destination> & { readonly onDevice: DeviceListener },
): Promise<Drawn> {
  const session = await openSampler(folder, { step, recipe, onDevice, ...deviceKeysOf(options) });
  try {
    const { generator, config } = session.model;
    const [height, width, channels] = generator.outputShape as [number, number, number];
    // Told before anything is drawn, which may take long.
    expectOutsideData(separate ? join(out, 'one.png') : out, config.data);
    const request = requestOf(config, options);
    const { columns, labels, rows } = request;
    const count = labels?.length ?? request.latents;
    gridSize(separate ? 1 : count, [height, width], { ...options, columns });
    expectMemoryFor(count, height * width * channels);
    const latents = await session.drawLatents(request.latents, seed);
    const images = rows
      ? await sampleRows(session, latents, rows)
      : await session.sample(latents, labels && repeatedEach(labels, 1));
    return { ...request, images };
  } finally {
    session.close();
  }
}

/** Rows have their class before them; other grids have no captions. */
async function pictureOf({ images, rows, columns }: Drawn, { scale }: SampleCommandOptions): Promise<Picture> {
  if (!rows) return composeGrid(images, { columns, scale });
  const each = images.shape[0] / rows.length;
  const pictured = rows.map(({ name }, row) => ({
    caption: name,
    pictures: Array.from({ length: each }, (_, i) => composeImage(images, row * each + i)),
  }));
  return composeCaptioned({ columns: [], rows: pictured }, { scale });
}

/** Numbers that are held at once, 2 GiB of them. */
const MOST_NUMBERS = 2 ** 29;

function expectMemoryFor(count: number, numbersEach: number): void {
  if (count * numbersEach <= MOST_NUMBERS) return;
  const most = Math.floor(MOST_NUMBERS / numbersEach);
  throw new ConfigError(
    'picture_too_large',
    `--count: ${count} images were asked for, and at most ${most} of this size are drawn at once; draw more by further commands with other seeds`,
  );
}

async function writeSeparately(folder: string, images: ImageBatch, { scale }: SampleCommandOptions): Promise<string[]> {
  const [count, ...shape] = images.shape;
  const elements = images.data.length / count;
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const path = join(folder, `${String(i).padStart(4, '0')}.png`);
    const data = images.data.subarray(i * elements, (i + 1) * elements);
    await writeGrid(path, { data, shape: [1, ...shape] }, { scale });
    paths.push(path);
  }
  return paths;
}
