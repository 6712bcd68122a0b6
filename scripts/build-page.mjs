// Makes the page of `gannet watch` from page/: in a checkout into build/page whenever it is served, and by `npm run build` into dist/page,
// which the package ships.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const STATIC = ['index.html', 'icon.svg'];
/** Packages that are bundled into the page. */
const BUNDLED = ['preact', 'uplot'];

/** Bundles the page into a folder, each file as a whole or not at all, and answers where. */
export async function buildPage(folder = join(root, 'build', 'page')) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: { page: join(root, 'page', 'main.tsx') },
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'inline',
    logLevel: 'silent',
    write: false,
  });
  await mkdir(folder, { recursive: true });
  for (const { path, contents } of outputFiles) await replace(join(folder, basename(path)), contents);
  for (const name of STATIC) await replace(join(folder, name), await readFile(join(root, 'page', name)));
  await replace(join(folder, 'licenses.txt'), await licenses());
  return folder;
}

/** The licences of what the page is made of, which go with it. */
async function licenses() {
  const texts = BUNDLED.map(
    async (name) => `${name}\n\n${await readFile(join(root, 'node_modules', name, 'LICENSE'), 'utf8')}`,
  );
  return (await Promise.all(texts)).join('\n\n');
}

async function replace(path, bytes) {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await buildPage(join(root, 'dist', 'page')));
