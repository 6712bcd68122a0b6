import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DeviceError } from '../errors.ts';
import { PACKAGE_ROOT } from '../package.ts';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** The files of the page by name: those that the package holds, or, in a checkout, made from their sources now.
 *  @throws DeviceError page_missing */
export async function loadPage(): Promise<ReadonlyMap<string, PageFile>> {
  const folder = await pageFolder();
  const files = Object.entries(TYPES).map(async ([name, type]) => {
    const bytes = new Uint8Array(await readFile(join(folder, name)));
    return [name, { type, bytes }] as const;
  });
  return new Map(await Promise.all(files));
}

async function pageFolder(): Promise<string> {
  const script = join(PACKAGE_ROOT, 'scripts', 'build-page.mjs');
  // A package has the page but not its sources; a checkout may have a page that is older than they are.
  if (!existsSync(script)) return join(PACKAGE_ROOT, 'dist', 'page');
  try {
    const { buildPage } = (await import(pathToFileURL(script).href)) as { buildPage(): Promise<string> };
    return await buildPage();
  } catch (cause) {
    throw new DeviceError(
      'page_missing',
      `the page of gannet watch could not be built: ${(cause as Error).message}. \`npm ci\` installs what it is built with.`,
      { cause },
    );
  }
}
