import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { datasetNames } from './open.ts';

/** What `--data` names, told apart: a data set's name, its folder, or both. */
function partsOf(spec: string): { readonly name?: string; readonly directory?: string } {
  if (datasetNames.includes(spec)) return { name: spec };
  const [, name = '', directory] = /^([^:]*):(.+)$/s.exec(spec) ?? [];
  return datasetNames.includes(name) && directory !== undefined ? { name, directory } : { directory: spec };
}

/** The same data wherever a command is run: `photos` -> `/home/ada/photos`, `mnist:digits` -> `mnist:/home/ada/digits`. */
export function absoluteData(spec: string): string {
  const { name, directory } = partsOf(spec);
  if (directory === undefined) return spec;
  return `${name === undefined ? '' : `${name}:`}${resolve(directory)}`;
}

/** Whether the folder that `--data` names is there; a data set without one always is. */
export function dataExists(spec: string): boolean {
  const { directory } = partsOf(spec);
  return directory === undefined || existsSync(directory);
}
