// Makes the page of `gannet watch` from page/, and what a page by `gannet export --to html` is made of from page/export/: in a checkout into
// build/page whenever they are asked for, and by `npm run build` into dist/page, which the package ships.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const STATIC = ['index.html', 'icon.svg'];
/** Packages that are bundled into the pages. */
const BUNDLED = ['preact', 'uplot', 'long'];

/** Those whose packages bring no text of their license along. */
const WITHOUT_FILE = `@tensorflow/tfjs-core, -converter, -backend-cpu, -backend-webgl: copyright Google LLC, under the license of long, above.
seedrandom: copyright 2019 David Bau, under the MIT license, as preact above.
`;

/** Bundles the pages into a folder, each file as a whole or not at all, and answers where. */
export async function buildPage(folder = join(root, 'build', 'page')) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: { page: join(root, 'page', 'main.tsx'), export: join(root, 'page', 'export', 'main.ts') },
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'eof',
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
  return [...(await Promise.all(texts)), WITHOUT_FILE].join('\n\n');
}

async function replace(path, bytes) {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await buildPage(join(root, 'dist', 'page')));
