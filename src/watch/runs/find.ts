import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** How deep below the watched folder runs are looked for. */
const DEPTH = 4;
/** Folders that are looked through at most: the page is for runs, not for a whole disk. */
const MOST_FOLDERS = 5000;

/** Paths of the run folders below a folder, relative to it; '.' where it is one itself. A folder with a config.json and one of the files that
 *  training makes is a run; nothing is looked for within a run. A link to a folder is followed, once. */
export async function findRuns(root: string): Promise<string[]> {
  const found: string[] = [];
  const seen = new Set<string>();
  let level = ['.'];
  for (let depth = 0; depth <= DEPTH && level.length > 0; depth++) {
    const next: string[] = [];
    for (const id of level) {
      const real = await realpath(join(root, id)).catch(() => undefined);
      if (real === undefined || seen.has(real) || seen.size >= MOST_FOLDERS) continue;
      seen.add(real);
      const entries = await readdir(join(root, id), { withFileTypes: true }).catch(() => []);
      const names = new Set(entries.map(({ name }) => name));
      if (names.has('config.json') && TRACES.some((name) => names.has(name))) found.push(id);
      else
        for (const entry of entries)
          if ((entry.isDirectory() || entry.isSymbolicLink()) && !isHidden(entry.name))
            next.push(id === '.' ? entry.name : `${id}/${entry.name}`);
    }
    level = next;
  }
  return found.sort();
}

const TRACES = ['samples', 'environment.json', 'metrics.jsonl', 'log.txt'];

const isHidden = (name: string): boolean => name.startsWith('.') || name === 'node_modules';
