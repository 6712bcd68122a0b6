import { existsSync } from 'node:fs';
import { baseDefaults } from '../models/recipe.ts';
import { decodeFile } from './decode_file.ts';
import { listImageFiles } from './image_files.ts';
import { packedChannels } from './open.ts';

/** Images of a folder that are looked at, spread over all of them. */
const LOOKED_AT = 64;

/** They are looked at in this size. */
const SIZE = [32, 32] as const;

/** Grey photos that are stored as colours are off by some levels through compression. */
const LEAST_DIFFERENCE = 24;

/** Whether what `--data` names has images in colour; of a folder, some are looked at. false where there is nothing.
 *  @throws DataError as openDataset does for a folder without images */
export async function hasColour(spec: string, maxPixels: number = baseDefaults.maxPixels): Promise<boolean> {
  const channels = packedChannels(spec);
  if (channels !== undefined) return channels === 3;
  if (!existsSync(spec)) return false;
  const { files } = await listImageFiles(spec);
  const shown = Math.min(files.length, LOOKED_AT);
  for (let i = 0; i < shown; i++) {
    const file = files[Math.floor((i * files.length) / shown)];
    const pixels =
      file &&
      (await decodeFile(file.location, { size: SIZE, channels: 3, maxPixels, crop: 0 }).catch(() => undefined))?.pixels;
    if (pixels && isColourful(pixels)) return true;
  }
  return false;
}

/** @param pixels uint8 [H,W,3] */
function isColourful(pixels: Uint8Array): boolean {
  for (let i = 0; i < pixels.length; i += 3) {
    const [red, green, blue] = [pixels[i], pixels[i + 1], pixels[i + 2]] as [number, number, number];
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > LEAST_DIFFERENCE) return true;
  }
  return false;
}
