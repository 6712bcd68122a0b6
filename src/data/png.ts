import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { makeFolder, openRegularFile } from '../files.ts';
import { describeFailure } from '../storage.ts';
import { composeGrid, composeImage, type GridOptions, type ImageBatch, type Picture } from './grid.ts';
import { loadSharp } from './sharp.ts';

/** Encodes a picture as PNG: grey, RGB or RGBA. */
export async function encodePng({ width, height, channels, pixels }: Picture): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(pixels, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await openRegularFile(path, 'write');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes a whole file or none: under a temporary name beside it, then renamed. */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await writeSynced(temporary, bytes).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await makeFolder(dirname(path));
      await writeSynced(temporary, bytes);
    });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new CheckpointError(
      'image_unwritable',
      `${path}: the picture cannot be written ${describeFailure(cause, 'choose another place with --out')}`,
      { cause },
    );
  }
}

/** Writes a picture as PNG, atomically; folders above it are made. @throws CheckpointError image_unwritable. */
export async function writePicture(path: string, picture: Picture): Promise<void> {
  await writeAtomically(path, await encodePng(picture));
}

/** Writes a grid of images as one PNG, atomically; folders above it are made.
 *  @throws CheckpointError image_unwritable. */
export function writeGrid(path: string, images: ImageBatch, options: GridOptions = {}): Promise<void> {
  return writePicture(path, composeGrid(images, options));
}

/** Writes image `index` of a batch as a PNG of its own, atomically; folders above it are made.
 *  @throws CheckpointError image_unwritable. */
export function writeImage(path: string, images: ImageBatch, index = 0): Promise<void> {
  return writePicture(path, composeImage(images, index));
}
