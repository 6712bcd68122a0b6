import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiPages } from './api.ts';
import { type PublicExport, publicExports, root } from './declarations.ts';
import { errorsPage } from './errors.ts';
import { configurationTable, recipeSections } from './recipes.ts';

/** Everything under docs/ that is written by a program: path from the repository's root -> text. Parts of hand-written pages are
 *  generated between marks, and the rest of such a page is as it lies there. */
export function generatedPages(exports: readonly PublicExport[] = publicExports()): Map<string, string> {
  const recipesPage = 'docs/recipes.md';
  const withRecipes = fillIn(readFileSync(join(root, recipesPage), 'utf8'), 'recipes', recipeSections(exports));
  return new Map([
    ...[...apiPages(exports)].map(([name, text]) => [`docs/api/${name}`, text] as const),
    ['docs/errors.md', errorsPage(exports)],
    [recipesPage, fillIn(withRecipes, 'configuration', configurationTable())],
  ]);
}

/** Replaces what stands between `<!-- name:begin -->` and `<!-- name:end -->`. @throws Error if the page has no such marks */
export function fillIn(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page lacks the marks ${begin} ... ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${content}\n\n${page.slice(to)}`;
}

/** How the pages that lie in docs/ differ from the generated ones, a line for each; none if they are up to date. */
export function stalePages(pages: ReadonlyMap<string, string>): string[] {
  const differing = [...pages].flatMap(([path, text]) => {
    if (!existsSync(join(root, path))) return [`${path} is missing`];
    return readFileSync(join(root, path), 'utf8') === text ? [] : [`${path} is not what the sources say`];
  });
  const left = readdirSync(join(root, 'docs', 'api'))
    .filter((name) => !pages.has(`docs/api/${name}`))
    .map((name) => `docs/api/${name} is about nothing that is exported`);
  return [...differing, ...left];
}
