import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { apiPages, fullName } from '../../scripts/docs/api.ts';
import { type Declaration, parseModule, publicExports } from '../../scripts/docs/declarations.ts';
import { fillIn, generatedPages, stalePages } from '../../scripts/docs/pages.ts';
import { configurationTable, recipeSections } from '../../scripts/docs/recipes.ts';
import { recipes } from '../../src/models/index.ts';

const exports = publicExports();

test('every export has a docstring', () => {
  assert.ok(exports.length > 200);
  const bare = exports.filter(({ doc }) => doc.replaceAll(/@\w+.*/g, '').trim() === '');
  assert.equal(
    bare.map(({ file, name }) => `src/${file}: ${name}`),
    [],
  );
});

/** Names that belong to the language or the platform, and the ops' own table, which no user writes down. */
const KNOWN = new Set(
  [
    'Promise Readonly Record Pick Omit Partial Exclude NoInfer ReadonlyMap ReadonlySet ArrayLike AsyncGenerator AsyncIterable',
    'Error ErrorOptions AbortSignal ArrayBuffer Float32Array Float64Array Int32Array Uint8Array Uint32Array',
    'OpName OpAttributes',
  ].flatMap((line) => line.split(' ')),
);

test('every type that an export takes or gives can be imported too', () => {
  const names = new Set(exports.map(({ name }) => name));
  const missing = exports.flatMap((member) =>
    typesIn(member)
      .filter((type) => !names.has(type) && !KNOWN.has(type))
      .map((type) => `${fullName(member)} needs ${type}`),
  );
  assert.equal(missing, []);
});

/** The names in a signature that start with a capital letter, as types do. */
function typesIn({ signature }: Declaration): string[] {
  const code = signature.replaceAll(/\/\*\*[\s\S]*?\*\/|'[^']*'|import\("[^"]*"\)\.|^\s+private .*$/gm, '');
  return [...code.matchAll(/(?<![\w.])[A-Z][a-z]\w*/g)].map(([name]) => name);
}

const generated = generatedPages(exports);

test('the reference and the tables of the recipes say what the sources say; otherwise: npm run docs', () => {
  assert.equal(stalePages(generated), []);
});

test('a page that was changed, is missing or is left over is stale', () => {
  const others = new Map([...generated].filter(([path]) => path !== 'docs/api/errors.md'));
  const found = [
    ...stalePages(new Map(others).set('docs/api/errors.md', 'something else')),
    ...stalePages(new Map(generated).set('docs/api/new.md', '')),
    ...stalePages(others),
  ];
  assert.ok(found.includes('docs/api/errors.md is not what the sources say'));
  assert.ok(found.includes('docs/api/new.md is missing'));
  assert.ok(found.includes('docs/api/errors.md is about nothing that is exported'));
});

const DECLARATIONS = `import type { Shape } from './shape.ts';
/** Which way. */
export type Way = 'up' | 'down';
/** What happens. */
export type Happening = {
    readonly type: 'start';
}
/** Somebody goes,
 *  or comes. */
 | ({
    readonly type: 'go';
} & Way) | {
    readonly type: 'end';
};
export declare const bare: number;
/** Goes.
 *  @throws ShapeError if it cannot */
export declare function go(way: Way): void;
export declare function go(way: Way, steps: number): void;
/** A place. */
export interface Place {
    /** Its name. */
    readonly name: string;
}
declare const hidden: string;
export { a, type B } from './other.ts';
export * as ops from './ops/index.ts';
`;

test('declarations are read with their docstrings, overloads as one', () => {
  const { declarations } = parseModule(DECLARATIONS, 'x.ts');
  assert.equal(
    declarations.map(({ name, doc }) => [name, doc]),
    [
      ['Way', 'Which way.'],
      ['Happening', 'What happens.'],
      ['bare', ''],
      ['go', 'Goes.\n@throws ShapeError if it cannot'],
      ['Place', 'A place.'],
    ],
  );
  assert.is(declarations[3]?.signature, 'function go(way: Way): void;\nfunction go(way: Way, steps: number): void;');
  assert.match(declarations[4]?.signature ?? '', /^interface Place \{\n {4}\/\*\* Its name\. \*\/\n/);
});

test('a union is shown to its last member, with what is said of each', () => {
  const union = parseModule(DECLARATIONS, 'x.ts').declarations[1]?.signature ?? '';
  assert.match(union, /^type Happening = \{[\s\S]*Somebody goes[\s\S]*'go';[\s\S]*'end';\n\};$/);
});

test('re-exports are followed by name or as a whole', () => {
  assert.equal(parseModule(DECLARATIONS, 'x.ts').reexports, [
    { from: './other.ts', names: ['a', 'B'], as: undefined },
    { from: './ops/index.ts', names: undefined, as: 'ops' },
  ]);
});

test('an entry shows signature, docstring, what is thrown, and the source', () => {
  const doc = 'Goes [N,H] * 2.\n@throws ShapeError `bad` if it cannot\n@see arXiv:1';
  const member = { name: 'go', namespace: 'nn', doc, file: 'nn/go.ts', signature: 'function go(): void;' };
  const page = apiPages([member]).get('nn.md') ?? '';
  assert.match(
    page,
    '## nn.go\n\n```ts\nfunction go(): void;\n```\n\nGoes [N,H] \\* 2.\n\n**Throws** ShapeError `bad` if it cannot',
  );
  assert.match(page, '**See** arXiv:1\n\nSource: `src/nn/go.ts`');
});

test('headings that differ in case only have links of their own', () => {
  const declared = { namespace: '', doc: 'A.', file: 'models/began.ts' };
  const pages = apiPages([
    { ...declared, name: 'Began', signature: 'interface Began {}' },
    { ...declared, name: 'began', signature: 'const began: Recipe;' },
  ]);
  assert.match(pages.get('README.md') ?? '', '[began](models.md#began), [Began](models.md#began-1)');
});

test('a recipe is shown with its settings, its paper, and its layers with their parameters', () => {
  const text = recipeSections(exports);
  for (const { name } of recipes) assert.match(text, new RegExp(`^## ${name}$`, 'm'));
  const dcgan = text.slice(text.indexOf('## dcgan\n'), text.indexOf('## dcgan-draft'));
  assert.match(dcgan, 'https://arxiv.org/abs/1511.06434');
  assert.match(dcgan, '| length | 20,000 steps of batch 128 |');
  // 128 latents to 4x4x1024 with a bias, and the gain and bias of 1024 channels.
  assert.match(dcgan, '| layer1 | linear, batch norm, relu | 4x4x1024 | 2,115,584 |');
  assert.match(dcgan, '| total |  |  | **19,331,075** |');
  assert.match(text, '| decoder.layer5 | nearest 2x, conv3, elu |');
});

test('a key is shown with what it may be, its default, and its meaning', () => {
  const text = configurationTable();
  assert.match(text, '| `model.kernel` | whole number 1 to 7 | 5 | side of the convolutions |');
  assert.match(text, '| `weights` | number above 0 or glorot | 0.02 |');
  assert.match(text, '| `schedule` | alternating, simultaneous | alternating |');
  assert.match(text, '| `attributes` | list of texts |');
  assert.match(text, '| `extractor.measures` | list of brightness, sharpness |');
  assert.equal(
    text.split('\n').filter((line) => line.endsWith('|  |')),
    [],
    'every key has a meaning',
  );
});

test('a generated part replaces what stood between its marks', () => {
  assert.is(
    fillIn('a <!-- t:begin --> old <!-- t:end --> b', 't', 'new'),
    'a <!-- t:begin -->\n\nnew\n\n<!-- t:end --> b',
  );
  assert.throws(() => fillIn('a', 't', 'new'), /lacks the marks <!-- t:begin -->/);
});

test.run();
