import { type PublicExport, publicExports } from './declarations.ts';

/** What the exports of a folder of src/ are about, in the order of the index. */
const SUBJECTS: Readonly<Record<string, string>> = {
  train: 'Training runs from start to end, resuming them, sampling from them, and the parts of a training step.',
  models: 'Recipes, and the networks that they build.',
  config: 'Configurations: their schema, and what reads their keys.',
  games: 'How two networks are trained against each other, and what a training step consists of.',
  data: 'Data sets, batches, augmentation, and grids of images as PNG.',
  explore: "What a run's latent space holds: interpolations, directions, traits, arithmetic.",
  tensor: 'Tracing a function of symbolic tensors into a graph.',
  ops: 'What a graph is made of. Reached as `ops.conv2d` and so on. Shapes that do not fit are a ShapeError that names op and layer.',
  graph: 'Gradients of a graph, the passes that make a program of it, printing and verifying.',
  nn: 'Layers and networks. Reached as `nn.block` and so on.',
  losses: 'Adversarial and other losses.',
  optim: 'Optimisers.',
  device: 'Where programs run, and what they should cost on a GPU.',
  oracle: 'Plain loops in float64, how far results may lie from theirs, and how far they do.',
  parity: 'Comparing devices with one another, with tfjs, and with plain loops in float64.',
  bench: 'Timing ops and training steps.',
  errors: 'Every error that is raised on purpose; `code` is stable.',
  package: 'The package itself.',
};

/** Longer types of constants are cut: their docstring and their use say more. */
const LONGEST_CONSTANT = 700;

/** The API reference: path under docs/api/ -> text. A page for each folder. */
export function apiPages(exports: readonly PublicExport[] = publicExports()): Map<string, string> {
  const folders = new Set([...Object.keys(SUBJECTS), ...exports.map(groupOf)]);
  const pages = [...folders].flatMap((group) => {
    const members = exports.filter((member) => groupOf(member) === group);
    return members.length === 0 ? [] : [{ group, members: members.toSorted(byOrder) }];
  });
  return new Map([
    ['README.md', indexPage(pages)],
    ...pages.map(({ group, members }) => [`${group}.md`, page(group, members)] as const),
  ]);
}

interface Page {
  readonly group: string;
  readonly members: readonly PublicExport[];
}

const subjectOf = (group: string): string => (SUBJECTS[group] === undefined ? '' : `${SUBJECTS[group]} `);

/** `nn/block.ts` -> nn, `errors.ts` -> errors. */
const groupOf = ({ file }: PublicExport): string => (file.split('/')[0] as string).replace(/\.ts$/, '');

/** Values before types, each in alphabetical order without regard to case. */
function byOrder(a: PublicExport, b: PublicExport): number {
  const key = ({ name, signature }: PublicExport) =>
    (/^(interface|type) /.test(signature) ? '1' : '0') + name.toLowerCase();
  return key(a) < key(b) ? -1 : 1;
}

export const fullName = ({ namespace, name }: PublicExport): string =>
  namespace === '' ? name : `${namespace}.${name}`;

const NOTE = '<!-- Written by `npm run docs` from the docstrings in src/. -->';

function indexPage(pages: readonly Page[]): string {
  const sections = pages.map(({ group, members }) => {
    const fragments = anchors(members);
    const names = members.map((member, i) => `[${fullName(member)}](${group}.md#${fragments[i]})`);
    return `## [${group}](${group}.md)\n\n${subjectOf(group)}${names.join(', ')}`;
  });
  const intro =
    "Everything that `import { ... } from 'gannet'` brings, by the folder of the sources it comes from. Shapes are written\n[batch, height, width, channels] in short: [N,H,W,C]. How the parts go together, [the guide to the library](../library.md) shows.";
  return `${NOTE}\n\n# API reference\n\n${intro}\n\n${sections.join('\n\n')}\n`;
}

const page = (group: string, members: readonly PublicExport[]): string =>
  `${NOTE}\n\n# ${group}\n\n${subjectOf(group)}[All pages](README.md)\n\n${members.map(entry).join('\n\n')}\n`;

/** The fragments of a page's headings, in order: the same word again has a number behind it, as GitHub gives it. */
function anchors(members: readonly PublicExport[]): string[] {
  const words = members.map((member) => fullName(member).toLowerCase().replaceAll('.', ''));
  return words.map((word, i) => {
    const before = words.slice(0, i).filter((other) => other === word).length;
    return before === 0 ? word : `${word}-${before}`;
  });
}

const entry = (member: PublicExport): string =>
  `## ${fullName(member)}\n\n\`\`\`ts\n${formatSignature(member)}\n\`\`\`\n\n${formatDoc(member.doc)}\n\nSource: \`src/${member.file}\``;

function formatSignature({ signature }: PublicExport): string {
  const text = signature
    .replaceAll(/<keyof import\("[^"]*"\)\.OpAttributes>/g, '')
    .replaceAll(/import\("[^"]*"\)\./g, '')
    .replaceAll(/^\s+private .*;\n/gm, '')
    .replaceAll(/^( {4})+/gm, (indent) => ' '.repeat(indent.length / 2));
  if (!text.startsWith('const') || text.length <= LONGEST_CONSTANT) return text;
  return `${/^const \w+: *[\w.]*/.exec(text)?.[0].trimEnd()} /* ... */;`;
}

/** Tags become paragraphs; the text itself is markdown already, but for what would be read as HTML. */
const formatDoc = (doc: string): string =>
  escapeOutsideCode(doc)
    .replaceAll(/\{@link ([^}]+)\}/g, '`$1`')
    .replaceAll(/\s*@throws\s+/g, '\n\n**Throws** ')
    .replaceAll(/\s*@returns?\s+/g, '\n\n**Returns** ')
    .replaceAll(/\s*@see\s+/g, '\n\n**See** ')
    .replaceAll(/\s*@param\s+([\w.]+)/g, '\n\n`$1`:')
    .trim();

const escapeOutsideCode = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith('`') ? part : part.replaceAll('<', '\\<').replaceAll('*', '\\*').replaceAll('_', '\\_'),
    )
    .join('');
