import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { DataError } from '../errors.ts';
import { readRegularFile } from '../files.ts';
import type { Dataset } from './dataset.ts';
import { firstLine } from './decode.ts';
import type { Labels } from './labels/labels.ts';
import { openPacked, type PackedOptions } from './packed.ts';
import { blackenUnseen, type PackedImages } from './pixels.ts';
import { loadSharp } from './sharp.ts';

/** Side of the pictures as the package holds them. */
const SIDE = 64;

/** One sheet with every picture: decoding it takes a tenth of the time that 3,786 files take. */
const SHEET = join('img', 'google', 'sheets', '64.png');

/** Each picture has a border of one pixel on the sheet. */
const BORDER = 1;

const pictureSchema = z.object({ sheet_x: z.int().min(0), sheet_y: z.int().min(0), has_img_google: z.boolean() });
const entrySchema = pictureSchema.extend({
  category: z.string().min(1),
  sort_order: z.number(),
  skin_variations: z.record(z.string(), pictureSchema).optional(),
});
const tableSchema = z.array(entrySchema);

type Picture = z.infer<typeof pictureSchema>;
type Entry = z.infer<typeof entrySchema>;

/** The table of the pictures. @throws Error, in one line that names the first place that is wrong */
function parseTable(text: string): Entry[] {
  const { data, error } = tableSchema.safeParse(JSON.parse(text));
  if (data) return data;
  const [issue] = error.issues;
  throw new Error(`${issue?.path.join('.')}: ${issue?.message}`, { cause: error });
}

interface Sheet {
  readonly width: number;
  readonly height: number;
  /** 3, laid on white, or 4. */
  readonly channels: 3 | 4;
  /** uint8 [height,width,channels]. */
  readonly pixels: Uint8Array;
}

function damaged(path: string, cause: unknown): DataError {
  const remedy = 'install the package again: npm install emoji-datasource-google@16';
  return new DataError('emoji_damaged', `emoji: ${path} cannot be used: ${firstLine(cause)}; ${remedy}`, { cause });
}

/** Every picture that the table names, in the order of emoji keyboards, each followed by its skin tones. */
function listPictures(entries: readonly Entry[]): { readonly picture: Picture; readonly category: string }[] {
  return entries
    .toSorted((a, b) => a.sort_order - b.sort_order)
    .flatMap((entry) =>
      [entry, ...Object.values(entry.skin_variations ?? {})]
        .filter(({ has_img_google: exists }) => exists)
        .map((picture) => ({ picture, category: entry.category })),
    );
}

async function readSheet(path: string, channels: 3 | 4): Promise<Sheet> {
  const sharp = await loadSharp();
  const image = sharp(await readRegularFile(path), { failOn: 'error' });
  const { data, info } = await (channels === 4 ? image.ensureAlpha() : image.flatten({ background: '#ffffff' }))
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels, pixels: channels === 4 ? blackenUnseen(data) : data };
}

/** The pictures cut out of the sheet: uint8 [count,64,64,C]. */
function cutOut(sheet: Sheet, pictures: readonly Picture[]): PackedImages {
  const { channels } = sheet;
  const cell = SIDE + 2 * BORDER;
  const row = SIDE * channels;
  const pixels = new Uint8Array(pictures.length * SIDE * row);
  let to = 0;
  for (const { sheet_x, sheet_y } of pictures) {
    const left = sheet_x * cell + BORDER;
    const top = sheet_y * cell + BORDER;
    if (left + SIDE > sheet.width || top + SIDE > sheet.height) {
      throw new Error(`it holds no picture at column ${sheet_x}, row ${sheet_y}`);
    }
    for (let y = top; y < top + SIDE; y++, to += row) {
      const from = (y * sheet.width + left) * channels;
      pixels.set(sheet.pixels.subarray(from, from + row), to);
    }
  }
  return { size: [SIDE, SIDE], channels, count: pictures.length, pixels };
}

function labelsOf(categories: readonly string[]): Labels {
  const names = [...new Set(categories)];
  return { kind: 'classes', names, values: Int32Array.from(categories, (category) => names.indexOf(category)) };
}

/** Google's Noto emoji: 3,786 pictures of 64x64 on white (or, with four channels, on
 *  nothing), their categories as labels, from the package
 *  `emoji-datasource-google`, which is looked for beside gannet and in `searchFrom` (the working directory), or from its folder.
 *  All of them are decoded when the data set is opened, and kept (47 MB).
 *  @throws DataError emoji_missing with the command that installs it, emoji_damaged. */
export async function openEmoji(
  options: PackedOptions & { directory?: string | undefined; searchFrom?: readonly string[] } = {},
): Promise<Dataset> {
  const directory = options.directory ?? locateEmoji(options.searchFrom);
  const table = join(directory, 'emoji.json');
  const listed = await readRegularFile(table)
    .then((text) => listPictures(parseTable(String(text))))
    .catch((cause: unknown) => {
      throw damaged(table, cause);
    });
  const path = join(directory, SHEET);
  const images = await readSheet(path, options.channels === 4 ? 4 : 3)
    .then((sheet) =>
      cutOut(
        sheet,
        listed.map(({ picture }) => picture),
      ),
    )
    .catch((cause: unknown) => {
      throw cause instanceof DataError ? cause : damaged(path, cause);
    });
  const labels = labelsOf(listed.map(({ category }) => category));
  return openPacked('emoji', images, labels, { ...options, onBlack: false });
}

function locateEmoji(searchFrom: readonly string[] = [dirname(fileURLToPath(import.meta.url)), process.cwd()]): string {
  try {
    const require = createRequire(import.meta.url);
    return dirname(require.resolve('emoji-datasource-google/package.json', { paths: [...searchFrom] }));
  } catch (cause) {
    throw new DataError(
      'emoji_missing',
      'emoji: expected the package emoji-datasource-google (82 MB), but it is not installed.\n' +
        '  Install it with: npm install emoji-datasource-google@16   or name its folder: emoji:DIR',
      { cause },
    );
  }
}
