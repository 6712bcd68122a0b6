import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** One declaration of a .d.ts file. */
export interface Declaration {
  readonly name: string;
  /** The docstring without its frame; '' where there is none. */
  readonly doc: string;
  /** As the compiler writes it, without `export declare`. Those of overloads stand one after the other. */
  readonly signature: string;
  /** Of the source, relative to src/, such as `nn/block.ts`. */
  readonly file: string;
}

/** Something that `import { ... } from 'gannet'` brings. */
export interface PublicExport extends Declaration {
  /** `ops` for what is reached as `ops.conv2d`; '' for what has no such name before it. */
  readonly namespace: string;
}

/** Everything that the package exports, by the compiler's own declarations of `src/`.
 *  @throws Error if the compiler writes none, or an export's declaration is not found */
export function publicExports(): PublicExport[] {
  const folder = mkdtempSync(join(tmpdir(), 'gannet-declarations-'));
  try {
    emitDeclarations(folder);
    return exportsOf(folder, 'index.ts', '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function emitDeclarations(folder: string): void {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['-p', 'tsconfig.json', '--emitDeclarationOnly', '--sourceMap', 'false', '--outDir', folder];
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, ...options], { cwd: root, encoding: 'utf8' });
  if (!existsSync(join(folder, 'index.d.ts'))) throw new Error(`tsc wrote no declarations:\n${stdout}${stderr}`);
}

/** The exports of one module, its re-exports followed. */
function exportsOf(folder: string, file: string, namespace: string): PublicExport[] {
  const { declarations, reexports } = parseModule(
    readFileSync(join(folder, file.replace(/\.ts$/, '.d.ts')), 'utf8'),
    file,
  );
  const own = declarations.map((declaration) => ({ ...declaration, namespace }));
  const others = reexports.flatMap(({ from, names, as }) => {
    const found = exportsOf(folder, posix.join(posix.dirname(file), from), as ?? namespace);
    return names ? names.map((name) => expectExport(found, name, file)) : found;
  });
  return [...own, ...others];
}

function expectExport(found: readonly PublicExport[], name: string, file: string): PublicExport {
  const match = found.find((candidate) => candidate.name === name);
  if (!match) throw new Error(`${file} exports '${name}', whose declaration was not found`);
  return match;
}

interface Reexport {
  readonly from: string;
  /** undefined for all. */
  readonly names: readonly string[] | undefined;
  /** The name they are reached under. */
  readonly as: string | undefined;
}

/** Splits a .d.ts file, in which whatever starts in the first column starts a statement. */
export function parseModule(text: string, file: string): { declarations: Declaration[]; reexports: Reexport[] } {
  const declarations = new Map<string, Declaration>();
  const reexports: Reexport[] = [];
  let doc = '';
  for (const statement of statementsOf(text)) {
    if (statement.startsWith('/**')) {
      doc = unframe(statement);
      continue;
    }
    const reexport = parseReexport(statement);
    if (reexport) reexports.push(reexport);
    const declared = /^export (?:declare )?(?:abstract )?(?:const|function|class|interface|type) (\w+)/.exec(statement);
    const [, name] = declared ?? [];
    if (name !== undefined) {
      const before = declarations.get(name);
      const signature = statement.replace(/^export (declare )?/, '').trimEnd();
      declarations.set(name, {
        name,
        file,
        doc: before?.doc || doc,
        signature: before ? `${before.signature}\n${signature}` : signature,
      });
    }
    doc = '';
  }
  return { declarations: [...declarations.values()], reexports };
}

/** A docstring that a member of a union follows is a part of the union. */
const statementsOf = (text: string): string[] =>
  text.split(/\n(?=\/\*\*(?!(?:(?!\*\/)[\s\S])*\*\/\s*[|&])|import |export |declare |interface |type |const )/);

/** `/** A\n *  b *​/` -> `A\nb`. */
const unframe = (comment: string): string =>
  comment
    .trim()
    .replace(/^\/\*\*\s*|\s*\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* {0,2}/, ''))
    .join('\n')
    .trim();

function parseReexport(statement: string): Reexport | undefined {
  const [, what, from] = /^export (?:type )?(\*(?: as \w+)?|\{[^}]*\}) from '([^']+)'/s.exec(statement) ?? [];
  // What another package declares is documented there.
  if (what === undefined || !from?.startsWith('.')) return undefined;
  if (what.startsWith('*')) return { from, names: undefined, as: /as (\w+)/.exec(what)?.[1] };
  const names = what
    .slice(1, -1)
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''));
  return { from, names: names.filter((name) => name !== ''), as: undefined };
}
