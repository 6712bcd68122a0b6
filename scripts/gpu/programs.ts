import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command, Missing } from './part.ts';

/** The checkout, or the folder of the kit, in which the same files lie compiled to JavaScript. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const compiled = import.meta.url.endsWith('.js');

/** A module of the checkout as a command. @param path from the root, without its extension */
export const program = (path: string, ...args: readonly string[]): Command => [
  process.execPath,
  ...(compiled ? [] : ['--import', 'tsx']),
  join(ROOT, `${path}.${compiled ? 'js' : 'ts'}`),
  ...args,
];

/** `gannet` with arguments. */
export const gannet = (...args: readonly string[]): Command => program('src/cli/main', ...args);

/** Where the tools of the CUDA toolkit lie when they are not in the path. */
const TOOL_FOLDERS = [
  '/usr/local/cuda/bin',
  ...foldersIn('/opt/nvidia/nsight-compute'),
  ...foldersIn('/opt/nvidia/nsight-systems'),
];

function foldersIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** A command that begins with an installed program, or what is missing. */
export function tool(name: string, ...args: readonly string[]): Command | Missing {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...TOOL_FOLDERS];
  const file = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  return file === undefined ? { missing: `${name} was not found` } : [file, ...args];
}

/** A command run by another, such as a profiler; what is missing of the latter wins. */
export const under = (outer: Command | Missing, inner: Command): Command | Missing =>
  'missing' in outer ? outer : [...outer, ...inner];
