import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds gannet's package.json. */
export const PACKAGE_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** gannet's version, such as 0.1.0. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }).version;
