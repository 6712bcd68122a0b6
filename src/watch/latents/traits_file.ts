import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../durable.ts';
import { ConfigError } from '../../errors.ts';
import { parseJson, readRegularFile } from '../../files.ts';
import { errno, storageError } from '../../storage.ts';

/** Traits by name: coefficients by the number of a direction, as `gannet explore --traits` reads them. */
export type Traits = Readonly<Record<string, Readonly<Record<string, number>>>>;

const schema = z.record(z.string(), z.record(z.string().regex(/^\d+$/), z.number()));

/** Where the traits of a run that were named on the page lie. */
export const traitsPath = (runFolder: string): string => join(runFolder, 'traits.json');

/** A run's traits; none where it has no such file. @throws ConfigError trait_file */
export async function readTraits(runFolder: string): Promise<Traits> {
  const path = traitsPath(runFolder);
  try {
    return schema.parse(parseJson(String(await readRegularFile(path))));
  } catch (cause) {
    if (errno(cause) === 'ENOENT') return {};
    throw new ConfigError(
      'trait_file',
      `${path}: expected traits as numbers by direction, such as {"smile": {"0": 1.5}}, but it holds something else. Correct it or move it away.`,
      { cause },
    );
  }
}

/** Adds a trait to a run's file, in place of one of the same name; without coefficients it is taken away. Answers all.
 *  @throws ConfigError trait_file; CheckpointError not_writable, disk_full, storage_failed */
export async function saveTrait(
  runFolder: string,
  name: string,
  coefficients: Readonly<Record<string, number>>,
): Promise<Traits> {
  const { [name]: _, ...others } = await readTraits(runFolder);
  const traits = Object.keys(coefficients).length > 0 ? { ...others, [name]: coefficients } : others;
  const path = traitsPath(runFolder);
  await replaceFile(path, `${JSON.stringify(traits, null, 2)}\n`).catch((error: unknown) => {
    throw storageError(error, 'write', path);
  });
  return traits;
}
