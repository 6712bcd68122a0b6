import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

/** tar's exit code where a file, such as the one that it makes, was written while it read. */
const FILES_CHANGED = 1;

/** Packs a folder of results into one file; the one before it is there until this one is whole. @returns what went wrong, or '' */
export function packResults(folder: string, file: string): string {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.partial`;
  const args = ['-czf', partial, '--exclude', '*.tar.gz', '--exclude', '*.partial', '-C', folder, '.'];
  const { status, stderr, error } = spawnSync('tar', args, { encoding: 'utf8' });
  if (status === null || status > FILES_CHANGED) return `results were not packed: ${error?.message ?? stderr.trim()}`;
  renameSync(partial, file);
  return '';
}
