import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Debian installs torch for its own interpreter, which need not be the first in the path. */
const INTERPRETERS = ['/usr/bin/python3', 'python3'];
/** Fails without torch; importing it would take seconds. */
const FINDS_TORCH = 'from importlib.util import find_spec; assert find_spec("torch")';

/** The first Python that has torch; undefined if there is none. */
export async function findTorch(): Promise<string | undefined> {
  for (const python of INTERPRETERS) {
    const found = await promisify(execFile)(python, ['-c', FINDS_TORCH]).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  return undefined;
}
