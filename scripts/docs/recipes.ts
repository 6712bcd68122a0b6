import { formatBytes, formatFlops } from '../../src/cli/units.ts';
import { bothSides, formatImage } from '../../src/config/image_size.ts';
import { type Config, configJsonSchema, type KeyUse } from '../../src/config/index.ts';
import type { Gan } from '../../src/games/index.ts';
import * as gannet from '../../src/index.ts';
import { type Recipe, recipes, resolveConfig } from '../../src/models/index.ts';
import { countParameters, type Network } from '../../src/nn/index.ts';
import { summarize } from '../../src/train/index.ts';
import { type PublicExport, publicExports } from './declarations.ts';

/** The generated part of docs/recipes.md: every recipe with its networks, losses and defaults, as the code has them. */
export function recipeSections(exports: readonly PublicExport[] = publicExports()): string {
  return recipes.map((recipe) => recipeSection(recipe, docstringOf(recipe, exports))).join('\n\n');
}

/** A recipe's docstring, found by the export whose value it is. */
function docstringOf(recipe: Recipe, exports: readonly PublicExport[]): string {
  const name = Object.entries(gannet).find(([, value]) => value === recipe)?.[0];
  const doc = exports.find((candidate) => candidate.name === name)?.doc;
  if (!doc) throw new Error(`recipe '${recipe.name}' is not exported with a docstring`);
  return doc;
}

function recipeSection(recipe: Recipe, doc: string): string {
  const gan = recipe.build(recipe.defaults);
  const [text, ...sources] = doc.split(/\s*@see\s+/);
  const papers = sources.map((source) => `[${source}](${source.replace(/^arXiv:/, 'https://arxiv.org/abs/')})`);
  return [`## ${recipe.name}`, [text, ...papers].join(' '), settingsTable(recipe), layersTable(gan)].join('\n\n');
}

function settingsTable({ defaults, sizes, keys, game }: Recipe): string {
  const { size, channels, latent, loss, gradientPenalty, generator, discriminator, batch, steps, weights } = defaults;
  const rows: [string, string][] = [
    ['images', `${formatImage([...bothSides(size), channels])}; sizes ${sizes.description}`],
    ['latents', `${latent.size}, ${latent.distribution}`],
    ['loss', loss + (gradientPenalty > 0 ? `, gradient penalty ${gradientPenalty}` : '')],
    ['updates', describeUpdates(game.name, defaults)],
    ['generator', describeOptimizer(generator)],
    ['discriminator', describeOptimizer(discriminator)],
    ['learning rates', describeDecay(defaults)],
    ['initial weights', weights === 'glorot' ? 'Glorot uniform' : `normal, deviation ${weights}`],
    ['length', `${steps.toLocaleString('en')} steps of batch ${batch}`],
    ...costRows(defaults),
    ['keys of the networks', describeKeys(keys)],
    ['game and its keys', `${game.name}: ${describeKeys(game.keys)}`],
  ];
  return table(['setting', 'default'], rows);
}

/** What an ordinary step takes, by the compiled programs: the figures of `gannet plan`. */
function costRows(defaults: Config): [string, string][] {
  const { flopsPerStep, arenaBytes, variableBytes } = summarize(defaults);
  return [
    ['operations of a step', formatFlops(flopsPerStep)],
    [
      'memory',
      `${formatBytes(arenaBytes)} for a step, ${formatBytes(variableBytes)} for weights, slots and statistics`,
    ],
  ];
}

/** Keys under one condition stand together. */
function describeKeys(keys: readonly KeyUse[]): string {
  const conditions = new Map<string | undefined, string[]>();
  for (const { key, when } of keys) conditions.set(when?.said, [...(conditions.get(when?.said) ?? []), `\`${key}\``]);
  const parts = [...conditions].map(([said, names]) => names.join(', ') + (said === undefined ? '' : ` (if ${said})`));
  return parts.length === 0 ? 'none' : parts.join('; ');
}

function describeUpdates(game: string, { schedule, discriminatorSteps, generatorSteps }: Config): string {
  if (game === 'equilibrium')
    return schedule === 'simultaneous'
      ? 'both networks at once, balanced by k'
      : 'the discriminator, then the generator, balanced by k';
  if (schedule === 'simultaneous') return 'both networks from one batch';
  return `${discriminatorSteps} of the discriminator, then ${generatorSteps} of the generator`;
}

const describeOptimizer = ({ name, ...settings }: Config['generator']): string =>
  [name, ...Object.entries(settings).map(([key, value]) => `${key} ${value}`)].join(', ');

const describeDecay = ({ learningRateDecay: { kind, factor, every, floor } }: Config): string =>
  kind === 'none' ? 'constant' : `${kind}: times ${factor} every ${every} steps, at least ${floor}`;

function layersTable({ generator, discriminator }: Gan): string {
  const rows = [generator, discriminator].flatMap((network) => [
    [`**${network.name}**`, '', formatShape(network.inputShape), ''],
    ...network.layers.map((layer) => [
      layer.name,
      layer.description,
      formatShape(layer.outputShape),
      count(countParameters(layer.variables)),
    ]),
    ['total', '', '', `**${count(parametersOf(network))}**`],
  ]);
  return table(['layer', '', 'output', 'parameters'], rows);
}

const parametersOf = ({ variables }: Network): number => countParameters(variables);
const formatShape = (shape: readonly number[]): string => shape.join('x');
const count = (value: number): string => value.toLocaleString('en');

interface SchemaNode {
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaNode[];
  /** Of a list. */
  readonly items?: SchemaNode;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** Every key of a configuration with what it may be, the default of the recipe dcgan, and what it means. */
export function configurationTable(): string {
  const defaults = resolveConfig({ recipe: 'dcgan' });
  const rows = leaves(configJsonSchema() as SchemaNode).map(([path, node]) => [
    `\`${path}\``,
    describeType(node),
    describeDefault(defaults, path),
    node.description ?? '',
  ]);
  return table(['key', 'may be', 'dcgan', 'meaning'], rows);
}

function leaves({ properties = {} }: SchemaNode, prefix = ''): [string, SchemaNode][] {
  return Object.entries(properties).flatMap(([name, node]) =>
    node.properties ? leaves(node, `${prefix}${name}.`) : [[prefix + name, node] as [string, SchemaNode]],
  );
}

function describeType(node: SchemaNode): string {
  if (node.anyOf) return node.anyOf.map(describeType).join(' or ');
  if (node.const !== undefined) return String(node.const);
  if (node.enum) return node.enum.join(', ');
  if (node.items) return `list of ${node.items.enum ? describeType(node.items) : `${describeType(node.items)}s`}`;
  if (node.type === 'string') return 'text';
  if (node.type === 'boolean') return 'true, false';
  if (node.type === 'integer' && node.exclusiveMinimum === 0)
    return describeType({ ...withoutMinimum(node), minimum: 1 });
  return `${node.type === 'integer' ? 'whole number' : 'number'}${describeRange(node)}`;
}

const withoutMinimum = ({ exclusiveMinimum: _, ...node }: SchemaNode): SchemaNode => node;

function describeRange({ minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const largest = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  const smallest = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const low = exclusiveMinimum === undefined ? smallest : `above ${exclusiveMinimum}`;
  if (low !== undefined && largest !== undefined) return ` ${low} to ${largest}`;
  if (largest !== undefined) return ` up to ${largest}`;
  return low === undefined ? '' : typeof low === 'string' ? ` ${low}` : ` from ${low}`;
}

function describeDefault(config: Config, path: string): string {
  const value = path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown>)?.[key], config);
  return value === undefined ? '' : String(value);
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
