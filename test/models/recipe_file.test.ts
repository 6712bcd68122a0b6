import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError } from '../../src/errors.ts';
import { buildGan, loadRecipe, readSources, resolveConfig } from '../../src/models/index.ts';
import { feed, trace } from '../../src/tensor/trace.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { twoModules } from './recipe_file.ts';

const folderOf = (files: Record<string, string>): string => {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
};

/** Loading this module is refused with this code, and this is said. */
async function refuses(text: string, code: string, message: RegExp, name = 'mine.ts'): Promise<void> {
  const path = join(folderOf({ [name]: text }), name);
  const error = (await loadRecipe(path).catch((caught: unknown) => caught)) as ConfigError;
  assert.instance(error, ConfigError, String(error));
  assert.is(error.code, code);
  assert.match(error.message, message);
  assert.ok(error.message.startsWith(path), error.message);
}

test('a recipe of several modules of TypeScript is loaded where no package lies, by the gannet that loads it', async () => {
  const recipe = await loadRecipe(join(folderOf(twoModules()), 'mine.ts'));
  const { generator } = buildGan(resolveConfig({ recipe }));
  // A second gannet would know nothing of this trace.
  assert.equal(
    generator.layers.map(({ outputShape }) => outputShape),
    [[8], [16, 16, 1]],
  );
  const { outputs } = trace('images', () => ({ y: generator.apply(feed('z', [2, 4]), { training: false }) }));
  assert.equal(outputs.y?.shape, [2, 16, 16, 1]);
});

test('its sources are its modules by their paths, and their hash is another once one has changed', async () => {
  const folder = folderOf(twoModules());
  const before = readSources(join(folder, 'mine.ts'));
  assert.equal([...before.texts.keys()], ['layers/pair.ts', 'mine.ts']);
  const moved = join(temporaryFolder(), 'elsewhere');
  renameSync(folder, moved);
  assert.is(readSources(join(moved, 'mine.ts')).hash, before.hash);
  writeFileSync(join(moved, 'layers/pair.ts'), `${twoModules()['layers/pair.ts']}\n`);
  assert.is.not(readSources(join(moved, 'mine.ts')).hash, before.hash);
});

test('a file that has changed is loaded anew', async () => {
  const folder = folderOf(twoModules('first'));
  const path = join(folder, 'mine.ts');
  assert.is((await loadRecipe(path)).name, 'first');
  writeFileSync(path, twoModules('second')['mine.ts'] as string);
  assert.is((await loadRecipe(path)).name, 'second');
});

test('JavaScript is loaded too, as an ES module whatever the package around it says', async () => {
  const text = `import { defineRecipe } from 'gannet';
export default defineRecipe({ name: 'plain', networks: () => ({}) });`;
  for (const name of ['mine.js', 'mine.mjs']) {
    const folder = folderOf({ 'package.json': '{"type":"commonjs"}', [name]: text });
    assert.is((await loadRecipe(join(folder, name))).name, 'plain');
  }
});

test('a file without a recipe as its default export is refused', async () => {
  const wanted = /expected a recipe as default export, .*, but its default export is /;
  await refuses('export const recipe = 3;', 'recipe_not_exported', new RegExp(`${wanted.source}undefined`));
  await refuses('export default { name: "x", networks() {} };', 'recipe_not_exported', /an object of name, networks/);
});

test('a file that throws is told with what it threw and where', async () => {
  await refuses('\nconst x = undefined as any;\nx.y;\n', 'recipe_throws', /TypeError: .*'y'.* \(.*mine\.ts:3:3\)/s);
  const path = join('a folder [1] (2):3', 'mine.ts');
  await refuses(
    'const x = undefined as any;\nx.y;\n',
    'recipe_throws',
    /\(\/.*\/a folder \[1\] \(2\):3\/mine\.ts:2:3\)/s,
    path,
  );
  await refuses('export default 3 +;', 'recipe_throws', /SyntaxError|Transform failed|Expression expected/);
  await refuses("import 'no-such-package';", 'recipe_throws', /no-such-package/, 'mine.mjs');
});

test('what defineRecipe refuses keeps its code, with the file before it', async () => {
  const text =
    "import { defineRecipe } from 'gannet';\nexport default defineRecipe({ name: 'dcgan', networks: () => 0 as never });";
  await refuses(text, 'recipe_name_taken', /cannot be named 'dcgan'/);
});

test('a file that is missing is refused', async () => {
  const error = await loadRecipe('nowhere/mine.ts').catch((caught: ConfigError) => caught);
  assert.is((error as ConfigError).code, 'recipe_file');
  assert.match((error as ConfigError).message, /^nowhere\/mine\.ts: the file of a recipe cannot be read: ENOENT/);
});

test.run();
