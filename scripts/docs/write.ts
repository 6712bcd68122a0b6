// `npm run docs`: writes the API reference and the tables of the recipes into docs/, from src/.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './declarations.ts';
import { generatedPages } from './pages.ts';

const pages = generatedPages();
const folder = join(root, 'docs', 'api');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [path, text] of pages) {
  const file = join(root, path);
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
console.log(`${pages.size} pages written to docs/`);
