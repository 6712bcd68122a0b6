import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { run } from '../../src/cli/run.ts';
import { uniformPng } from '../data/pictures.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { type CodeBlock, codeBlocks, commandLines, type Page, root } from './markdown.ts';

const PICTURES = 20;

/** Where the examples of a page run one after the other, as a reader would: an empty project with gannet and a folder of
 *  images, `photos`, in two classes, which `photos.csv` calls otherwise. */
export async function exampleFolder(): Promise<string> {
  const folder = temporaryFolder({
    'package.json': '{"type":"module"}',
    'node_modules/gannet/package.json': '{"name":"gannet","type":"module","exports":"./index.ts"}',
    'node_modules/gannet/index.ts': `export * from ${JSON.stringify(join(root, 'src', 'index.ts'))};\n`,
  });
  for (const [name, blue] of [
    ['day', 250],
    ['night', 40],
  ] as const) {
    mkdirSync(join(folder, 'photos', name), { recursive: true });
    for (let i = 0; i < PICTURES; i++) {
      writeFileSync(join(folder, 'photos', name, `${i}.png`), await uniformPng(24, 20, [12 * i, 255 - 12 * i, blue]));
    }
  }
  const rows = Array.from({ length: PICTURES }, (_, i) => `day/${i}.png,sun\nnight/${i}.png,moon\n`);
  writeFileSync(join(folder, 'photos.csv'), `name,label\n${rows.join('')}`);
  return folder;
}

/** A module or a row of command lines of a page, and what the page says that they print. */
export interface Example {
  readonly block: CodeBlock;
  /** Lines in which `...` stands for any text. */
  readonly stated: readonly string[];
}

/** What a page's readers can run: modules, and command lines that are marked so, with the output that stands below them. */
export const examplesOf = ({ text }: Page): Example[] =>
  codeBlocks(text).flatMap((block, i, blocks): Example[] => {
    if (block.language === 'ts')
      return [{ block, stated: [...block.code.matchAll(/\/\/ -> (.*)$/gm)].map(([, line]) => line as string) }];
    if (block.language !== 'sh' || !block.flags.includes('run')) return [];
    const next = blocks[i + 1];
    return [{ block, stated: next?.language === 'text' && next.flags.includes('output') ? next.code.split('\n') : [] }];
  });

/** Runs an example in the present folder and answers the lines that it printed. @throws what the example throws */
export const runExample = ({ block }: Example, name: string): Promise<string[]> =>
  block.language === 'ts' ? runModule(block.code, fileOf(block) ?? `${name}.ts`) : runCommands(block.code);

/** The name by which other examples of the page know a module: ```ts file=mine.ts. */
const fileOf = ({ flags }: CodeBlock): string | undefined =>
  flags.find((flag) => flag.startsWith('file='))?.slice('file='.length);

async function runModule(code: string, name: string): Promise<string[]> {
  const file = join(process.cwd(), name);
  writeFileSync(file, code);
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => lines.push(...format(...values).split('\n'));
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return lines;
}

async function runCommands(code: string): Promise<string[]> {
  let printed = '';
  const stream = {
    write: (text: string) => {
      printed += text;
    },
  };
  const io = { stdout: stream, stderr: stream, environment: {}, signals: new EventEmitter(), quit: () => {} };
  for (const argv of commandLines(code)) {
    const exitCode = await run(argv, io);
    if (exitCode !== 0) throw new Error(`gannet ${argv.join(' ')} ended with exit code ${exitCode}:\n${printed}`);
  }
  return printed.split('\n');
}

/** The first of the stated lines that is not among the printed ones, in their order; undefined if all are. */
export function firstMissing(stated: readonly string[], printed: readonly string[]): string | undefined {
  let next = 0;
  return stated.find((line) => {
    const found = printed.findIndex((candidate, i) => i >= next && patternOf(line).test(candidate.trim()));
    next = found + 1;
    return found < 0;
  });
}

const patternOf = (line: string): RegExp =>
  new RegExp(
    `^${line
      .trim()
      .split('...')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );

/** What the compiler says against modules in strict mode, by the lines of the pages they stand in. */
export function typeErrors(pages: readonly Page[], folder: string): string[] {
  const places = new Map<string, { path: string; line: number }>();
  for (const [page, { path, text }] of pages.entries()) {
    mkdirSync(join(folder, `page${page}`), { recursive: true });
    for (const block of codeBlocks(text)) {
      const { language, code, line } = block;
      if (language !== 'ts') continue;
      const name = `page${page}/${fileOf(block) ?? `example${places.size}.ts`}`;
      places.set(name, { path, line });
      writeFileSync(join(folder, name), `${code}\nexport {};\n`);
    }
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configFor([...places.keys()])));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout.split('\n').flatMap((message) => {
    const [, name = '', line, problem] = /^(page\d+\/[\w.]+)\((\d+),\d+\): (.*)$/.exec(message) ?? [];
    const place = places.get(name);
    return place ? [`${place.path}:${place.line + Number(line) - 1}: ${problem}`] : [];
  });
}

const configFor = (files: readonly string[]): object => ({
  extends: join(root, 'tsconfig.json'),
  compilerOptions: {
    noEmit: true,
    rootDir: '/',
    typeRoots: [join(root, 'node_modules', '@types')],
    declaration: false,
  },
  include: [],
  files,
});
