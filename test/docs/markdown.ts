import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A page of the documentation. */
export interface Page {
  /** From the repository's root, such as `docs/guide.md`. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  /** The words behind the language: ```sh run. */
  readonly flags: readonly string[];
  readonly code: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
}

/** Every page that people read, the generated ones included. */
export function readPages(): Page[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`);
  return ['README.md', 'CONTRIBUTING.md', ...docs.sort()].map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
}

/** The fenced blocks of a page, in order. */
export function codeBlocks(text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { info: string; line: number; code: string[] } | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    if (!line.startsWith('```')) open?.code.push(line);
    else if (open) {
      const [language = '', ...flags] = open.info.split(/\s+/);
      blocks.push({ language, flags, code: open.code.join('\n'), line: open.line });
      open = undefined;
    } else open = { info: line.slice(3).trim(), line: i + 2, code: [] };
  }
  return blocks;
}

/** The arguments of every `gannet` command line in `code`, a line that ends in a backslash going on in the next. */
export const commandLines = (code: string): string[][] =>
  code
    .replaceAll(/\\\n\s*/g, '')
    .replaceAll(/^(\s*)npm run bench(?: --)?(?= |$)/gm, '$1gannet bench')
    .split('\n')
    .map((line) => /^\s*(?:\$ )?(?:npx |npm run -s )?gannet(?: --)?(?= |$)(.*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined)
    .map(splitWords);

/** Splits as a shell does: quotes hold words together, and a # starts a comment. */
function splitWords(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(#.*)|([^\s'"]+)/g)];
  return words.flatMap(([, single, double, comment, bare]) =>
    comment === undefined ? [single ?? double ?? (bare as string)] : [],
  );
}

/** The text outside fenced blocks. */
export const proseOf = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** Command lines of fenced shell blocks and of blocks that are indented by four spaces. */
export const commandsOf = (text: string): string[][] => [
  ...codeBlocks(text).flatMap(({ language, code }) => (language === 'sh' ? commandLines(code) : [])),
  ...commandLines(proseOf(text).replaceAll(/^(?! {4}).*$/gm, '')),
];

/** Where links and pictures lead that are not to the web: [path, fragment], either of which may be ''. */
export const linksOf = (text: string): [path: string, fragment: string][] =>
  [...proseOf(text).matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)]
    .map(([, inText, inHtml]) => (inText ?? inHtml) as string)
    .filter((target) => !/^[a-z]+:/i.test(target))
    .map((target) => target.split('#') as [string, string?])
    .map(([path, fragment = '']) => [path, fragment]);

/** The fragments of a page's headings, as GitHub makes them. */
export function fragmentsOf(text: string): string[] {
  const words = [...proseOf(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  return words.map((word, i) => {
    const before = words.slice(0, i).filter((other) => other === word).length;
    return before === 0 ? word : `${word}-${before}`;
  });
}
