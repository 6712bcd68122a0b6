import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Command, Missing } from './part.ts';
import { ROOT } from './programs.ts';

const FINDS_TORCH = 'from importlib.util import find_spec; assert find_spec("torch")';

/** Debian installs torch for its own interpreter, which need not be the first in the path. */
const INTERPRETERS = ['/usr/bin/python3', 'python3'];

/** A script of the checkout run by a Python that has torch. @param path from the root */
export function python(path: string, ...args: readonly string[]): Command | Missing {
  const found = INTERPRETERS.find((name) => spawnSync(name, ['-c', FINDS_TORCH], { stdio: 'ignore' }).status === 0);
  if (found === undefined) return { missing: 'no Python with torch was found' };
  return [found, '-B', join(ROOT, path), ...args];
}
