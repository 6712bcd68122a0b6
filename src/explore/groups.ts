import { ConfigError } from '../errors.ts';
import { readLatents } from './latents_file.ts';
import type { LatentSpace } from './space.ts';
import type { Latent } from './vectors.ts';

/** The latents that a group names: numbers of random latents of the seed (`3,17,24`), those of a latents file (`FILE.json`), or
 *  some of these, counted row by row (`FILE.json#0,3`).
 *  @throws ConfigError group_syntax, group_index, and what readLatents throws */
export async function readGroup(text: string, space: LatentSpace, seed: number): Promise<Latent[]> {
  const [, path, list] = /^(?:(.*\.json)(?:#|$))?([\d,\s]*)$/i.exec(text) ?? [];
  if (list === undefined || (path === undefined && list === '')) {
    throw new ConfigError(
      'group_syntax',
      `a group is named by numbers, such as 3,17,24, or by a latents file, such as FILE.json or FILE.json#0,3, but received '${text}'`,
    );
  }
  const numbers = list === '' ? undefined : list.split(',').map(Number);
  if (path === undefined) {
    const drawn = space.draw(Math.max(...(numbers ?? [])) + 1, seed);
    return pick(drawn, numbers ?? [], `seed ${seed}`);
  }
  const stored = (await readLatents(path, space.size)).rows.flatMap(({ cells }) =>
    cells.filter((cell) => cell !== undefined),
  );
  return numbers ? pick(stored, numbers, path) : stored;
}

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
