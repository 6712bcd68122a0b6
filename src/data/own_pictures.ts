import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '../errors.ts';
import { statOf } from '../files.ts';
import { isHidden, isImageName, isRunFolder } from './image_files.ts';
import { packedChannels } from './open.ts';

/** Refuses to write a picture to `out` if it would be taken for an image of the data `spec` the next time that is opened.
 *  @throws ConfigError out_in_data */
export function expectOutsideData(out: string, spec: string): void {
  if (packedChannels(spec) !== undefined || !isFolder(spec) || !isImageName(basename(out))) return;
  const inside = relative(realpathSync(spec), realPathOf(dirname(resolve(out))));
  const parts = inside.split(sep).filter((part) => part !== '');
  if (parts[0] === '..' || isAbsolute(inside) || parts.some(isHidden)) return;
  const folders = parts.map((_, i) => join(spec, ...parts.slice(0, i + 1)));
  if (folders.some((folder) => isFolder(folder) && isRunFolder(readdirSync(folder)))) return;
  throw new ConfigError(
    'out_in_data',
    `--out ${out} lies in the folder of the data, ${spec}, and would become one of its images; choose a place outside, or in the folder of a run`,
  );
}

const isFolder = (path: string): boolean => statOf(path)?.isDirectory() ?? false;

/** The real path of a folder that need not be there yet. */
const realPathOf = (path: string): string =>
  existsSync(path) ? realpathSync(path) : join(realPathOf(dirname(path)), basename(path));
