import { writeFile } from 'node:fs/promises';
import { isDeviceKey } from '../config/index.ts';
import { CheckpointError } from '../errors.ts';
import { formatLatents, type LatentGrid, type Origin } from '../explore/index.ts';
import { describeFailure } from '../storage.ts';

/** The command line that a latents file tells of: the words, and the options that make a difference, an array once for each value. */
export function commandLine(words: readonly (string | undefined)[], options: object): string {
  const lasting = Object.entries(options).filter(([name]) => !isDeviceKey(name));
  const flags = lasting.flatMap(([name, value]) => [value].flat().map((each) => `--${dashed(name)} ${each}`));
  return ['gannet', ...words, ...flags].join(' ');
}

const dashed = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Writes a latents file. @throws CheckpointError latents_unwritable */
export async function writeLatents(path: string, grid: LatentGrid, origin: Origin): Promise<void> {
  try {
    await writeFile(path, formatLatents(grid, origin));
  } catch (cause) {
    throw new CheckpointError(
      'latents_unwritable',
      `${path}: the latents cannot be written ${describeFailure(cause, 'choose another place with --out')}`,
      { cause },
    );
  }
}
