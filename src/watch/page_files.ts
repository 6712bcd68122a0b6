import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pageFolder } from '../package.ts';

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
