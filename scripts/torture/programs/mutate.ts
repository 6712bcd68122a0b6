import { ACCESSES, OPS, SCALAR_FUNCTIONS } from '../../../src/tensor/operators.ts';
import type { Random } from '../random.ts';

/** What stands for a number: small, negative, around the limits of 31, 32, 40, 53 and 63 bits, and no integer at all. */
const NUMBERS = [
  ...[0, 1, 2, 3, -1, 4, 7, 16, 63, 64, 65, 255, 1024, 65536, 0.5, -0],
  ...[
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 40,
    2 ** 52 + 1,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 63,
    -(2 ** 31),
    -(2 ** 53),
  ],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300],
];
const WORDS = [
  '',
  ...['float32', 'int32', 'bfloat16', 'arena', 'feed', 'variable', 'sum', 'max', 'constant'],
  ...ACCESSES,
  ...Object.keys(SCALAR_FUNCTIONS),
  ...Object.keys(OPS),
];
const OTHERS = [undefined, null, true, false, [], {}, [[]], 'x'.repeat(1000), 1n, Symbol('x'), new Float32Array(2)];

type Node = Record<string, unknown> | unknown[];

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' &&
  value !== null &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);

/** Every place of a tree: the object or array, and the key. */
function* places(node: Node): Generator<[Node, string]> {
  for (const key of Object.keys(node)) {
    yield [node, key];
    const child = (node as Record<string, unknown>)[key];
    if (isNode(child)) yield* places(child);
  }
}

const twoPowers = (value: number): number[] => [
  value * 2,
  value / 2,
  value + 1,
  value - 1,
  -value,
  value + 64,
  value - 64,
];

function changed(value: unknown, random: Random): unknown {
  if (random.below(12) === 0) return random.pick(OTHERS);
  if (typeof value === 'number') return random.pick(random.below(2) === 0 ? NUMBERS : twoPowers(value));
  if (typeof value === 'string') return random.pick(WORDS);
  if (typeof value === 'boolean') return !value;
  return random.pick<unknown>([...OTHERS, ...NUMBERS]);
}

/** Drops, doubles or swaps entries of a list. */
function shuffled(list: unknown[], random: Random): unknown[] {
  const [i, j] = [random.below(list.length), random.below(list.length)];
  const copy = [...list];
  const kind = random.below(3);
  if (kind === 0) copy.splice(i, 1);
  else if (kind === 1) copy.splice(i, 0, structuredClone(list[j]));
  else [copy[i], copy[j]] = [copy[j], copy[i]];
  return copy;
}

/** Changes one to four places of a copy of `tree`. */
export function mutate<T>(tree: T, random: Random): T {
  const root = { tree: structuredClone(tree) };
  for (let change = random.below(4); change >= 0; change--) {
    const [node, key] = random.pick([...places(root)]);
    const owner = node as Record<string, unknown>;
    const value = owner[key];
    const list = Array.isArray(value) && value.length > 0 && random.below(3) > 0;
    owner[key] = list ? shuffled(value, random) : isNode(value) && random.below(4) > 0 ? value : changed(value, random);
  }
  return root.tree;
}
