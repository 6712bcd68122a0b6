import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Command } from 'commander';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConfigOptions, configFrom } from '../../src/cli/config_options.ts';
import { createProgram } from '../../src/cli/run.ts';
import { isRecipeFile, resolveConfig } from '../../src/models/index.ts';
import { exampleFolder, examplesOf, firstMissing, runExample, typeErrors } from './examples.ts';
import { codeBlocks, commandsOf, fragmentsOf, linksOf, type Page, readPages, root } from './markdown.ts';

const pages = readPages();
/** The reference's blocks are signatures, not modules. */
const written = pages.filter(({ path }) => !path.startsWith('docs/api/'));
const sink = { write: () => {} };

/** Reads a command line as gannet does and runs nothing; a configuration that it names is resolved.
 *  @throws where the command, an option, a choice or a key does not exist */
async function rehearseCommand(argv: readonly string[]): Promise<void> {
  const io = { stdout: sink, stderr: sink, environment: {}, signals: process, quit: () => {} };
  const program = createProgram({ io, exitCode: 0 });
  const commands = program.commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]));
  for (const command of commands) command.action((...given) => resolveNamed(command, given));
  await program.parseAsync(argv, { from: 'user' }).catch((error: { code?: string }) => {
    if (error.code !== 'commander.helpDisplayed' && error.code !== 'commander.version') throw error;
  });
}

async function resolveNamed(command: Command, [source]: readonly unknown[]): Promise<void> {
  const { set, ...options } = command.opts();
  if (set === undefined || typeof source !== 'string' || source.endsWith('.json') || source === 'RECIPE') return;
  // It exists only where the examples of its page run, which is where it is tried.
  if (isRecipeFile(source)) return;
  const keys = command.name() === 'plan' ? { ...options, device: undefined } : options;
  // Which recipe a run has, its name does not tell; the keys of --set are checked all the same.
  const recipe = command.name() === 'resume' ? 'dcgan' : source;
  await configFrom(recipe, { ...keys, set } as ConfigOptions);
}

/** What is wrong with a page's command lines. */
async function brokenCommands({ path, text }: Page): Promise<string[]> {
  const broken: string[] = [];
  for (const argv of commandsOf(text)) {
    await rehearseCommand(argv).catch((error: Error) =>
      broken.push(`${path}: gannet ${argv.join(' ')}: ${error.message}`),
    );
  }
  return broken;
}

/** Links of a page that lead nowhere. */
function brokenLinks({ path, text }: Page, among: readonly Page[] = pages): string[] {
  return linksOf(text).flatMap(([to, fragment]) => {
    const target = to === '' ? path : posix.join(posix.dirname(path), to);
    const page = to === '' ? { text } : among.find((candidate) => candidate.path === target);
    const found = page ? fragment === '' || fragmentsOf(page.text).includes(fragment) : existsSync(join(root, target));
    return found ? [] : [`${path}: ${to}${fragment && `#${fragment}`}`];
  });
}

test('every command line that a page shows has its command, options, choices and keys', async () => {
  const found = written.flatMap(({ text }) => commandsOf(text));
  assert.ok(found.length > 30, `${found.length} command lines`);
  for (const page of written) assert.equal(await brokenCommands(page), []);
});

test('every link leads to a file and a heading', () => {
  assert.ok(pages.flatMap(({ text }) => linksOf(text)).length > 300);
  assert.equal(
    pages.flatMap((page) => brokenLinks(page)),
    [],
  );
});

test('no page links to what the package lacks', () => {
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  const shipped = ['README.md', 'LICENSE', 'package.json', ...files];
  const lost = pages.flatMap(({ path, text }) =>
    linksOf(text)
      .map(([to]) => (to === '' ? path : posix.join(posix.dirname(path), to)))
      .filter((target) => !shipped.some((name) => target === name || target.startsWith(`${name}/`)))
      .map((target) => `${path}: ${target}`),
  );
  assert.equal(lost, []);
});

test('every configuration shown as JSON can be used', () => {
  const shown = written.flatMap(({ text }) => codeBlocks(text).filter(({ language }) => language === 'json'));
  const configs = shown
    .map(({ code }) => JSON.parse(code))
    .filter(({ recipe, format }) => recipe !== undefined && !format);
  assert.ok(configs.length > 0);
  for (const config of configs) resolveConfig(config);
});

test('every module compiles in strict mode', async () => {
  assert.equal(typeErrors(written, await exampleFolder()), []);
});

for (const page of written) {
  const examples = examplesOf(page);
  if (examples.length === 0) continue;
  test(`the examples of ${page.path} run and print what the page says`, async () => {
    const before = process.cwd();
    process.chdir(await exampleFolder());
    try {
      for (const [i, example] of examples.entries()) {
        const where = `${page.path}:${example.block.line}`;
        const printed = await runExample(example, `run${i}`).catch((error: Error) => {
          throw new Error(`${where}: ${error.message}`, { cause: error });
        });
        const missing = firstMissing(example.stated, printed);
        assert.is(missing, undefined, `${where} should print '${missing}', but printed\n${printed.join('\n')}`);
      }
    } finally {
      process.chdir(before);
    }
  });
}

test('a command, an option, a choice, a key or a recipe that does not exist is found', async () => {
  const wrong = [
    'gannet trian dcgan',
    'gannet train dcgan --devise cpu',
    'gannet parity --against numpy',
    'gannet train dcgan --set model.widht=4',
    'gannet plan dcgn',
  ];
  for (const line of wrong) {
    assert.is((await brokenCommands({ path: 'x.md', text: `\`\`\`sh\n${line} # why\n\`\`\`\n` })).length, 1, line);
    assert.is((await brokenCommands({ path: 'x.md', text: `Text:\n\n    ${line}\n` })).length, 1, line);
  }
});

test('a link to a missing file or heading is found', () => {
  const page = { path: 'docs/x.md', text: '# A b\n[a](#a-b) [b](#b) [c](gone.md) [d](../package.json) [e](y.md#z)' };
  assert.equal(brokenLinks(page, [page, { path: 'docs/y.md', text: '# Y' }]), [
    'docs/x.md: #b',
    'docs/x.md: gone.md',
    'docs/x.md: y.md#z',
  ]);
});

test('a type error is found, at its line of the page', async () => {
  const text = "# X\n\n```ts\nimport { ops } from 'gannet';\nops.relu('text');\n```\n";
  const [error, ...rest] = typeErrors([{ path: 'docs/x.md', text }], await exampleFolder());
  assert.match(error ?? '', /^docs\/x\.md:5: error TS2345: .*'string'/);
  assert.equal(rest, []);
});

test('output is compared line by line, in order, with ... for any text', () => {
  assert.is(firstMissing(['a', 'step ... of 3'], ['a', 'b', 'step 2 of 3']), undefined);
  assert.is(firstMissing(['b', 'a'], ['a', 'b']), 'a');
  assert.is(firstMissing(['a.c'], ['abc']), 'a.c');
});

test.run();
