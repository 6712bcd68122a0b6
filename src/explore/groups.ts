import { ConfigError } from '../errors.ts';
import { readLatents } from './latents_file.ts';
import type { LatentSpace } from './space.ts';
import type { Latent } from './vectors.ts';

/** `FILE.json`, `FILE.json#0,3` or `0,3`; random latents are drawn one after another, so far numbers are none. */
const FILE = /^(.+\.json)(?:#(\d+(?:,\d+)*))?$/i;
const NUMBERS = /^\d{1,5}(?:,\d{1,5})*$/;

/** The latents that a group names: numbers of random latents of the seed (`3,17,24`), those of a latents file (`FILE.json`), or
 *  some of these, counted row by row (`FILE.json#0,3`).
 *  @throws ConfigError group_syntax, group_index, and what readLatents throws */
export async function readGroup(text: string, space: LatentSpace, seed: number): Promise<Latent[]> {
  if (NUMBERS.test(text)) {
    const numbers = parseNumbers(text);
    return pick(space.draw(Math.max(...numbers) + 1, seed), numbers, `seed ${seed}`);
  }
  const [, path, list] = FILE.exec(text) ?? [];
  if (path === undefined) {
    throw new ConfigError(
      'group_syntax',
      `a group is named by numbers up to 99999, such as 3,17,24, or by a latents file, such as FILE.json or FILE.json#0,3, but received '${text}'`,
    );
  }
  const { rows } = await readLatents(path, space.size);
  const stored = rows.flatMap(({ cells }) => cells.filter((cell) => cell !== undefined));
  return list === undefined ? stored : pick(stored, parseNumbers(list), path);
}

const parseNumbers = (list: string): number[] => list.split(',').map(Number);

function pick(latents: readonly Latent[], numbers: readonly number[], source: string): Latent[] {
  return numbers.map((number) => {
    const latent = latents[number];
    if (latent) return latent;
    throw new ConfigError(
      'group_index',
      `${source} holds latents 0 to ${latents.length - 1}, but ${number} was asked for`,
    );
  });
}
