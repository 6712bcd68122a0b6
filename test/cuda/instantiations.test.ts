import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GPUS } from '../../src/device/index.ts';
import type { StoredType } from '../../src/graph/program.ts';
import { PACKAGE_ROOT } from '../../src/package.ts';
import { type Access, type Expression, type Instruction, SCALAR_FUNCTIONS } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { addon, largestError } from '../binding/support.ts';
import { expression } from './expression.ts';
import { onRounded, rounded, runWork, sketchOf, type Work } from './works.ts';

// Every kernel that is compiled for an expression, whatever it reduces, however its operands are kept and its rows are spread, is
// launched once and gives what the CPU does. What there is is read off the kernels' names in cuda/resources.json.

const device = addon.openDevice(process.env.GANNET_KERNEL_DEVICE === 'cuda' ? 'cuda' : 'simt', {
  threads: 0,
  precision: 'bfloat16',
});
const cpu = addon.openDevice('cpu', { threads: 0 });

const { kernels } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'cuda/resources.json'), 'utf8')) as {
  kernels: Record<string, { name: string }>;
};

/** A kernel of an expression, as its name tells. */
interface Instantiation {
  readonly symbol: string;
  readonly name: string;
}

const family = (pattern: RegExp): Instantiation[] =>
  Object.entries(kernels)
    .map(([symbol, { name }]) => ({ symbol, name }))
    .filter(({ name }) => pattern.test(name));

const FUNCTIONS = [...Object.keys(SCALAR_FUNCTIONS), 'constant'] as Instruction['fn'][];
const ACCESSES: readonly Access[] = ['full', 'channel', 'sample', 'scalar'];

/** One that is not compiled, with registers 1 to 3 to take. */
const INTERPRETED = expression('f', 'abs 0', 'neg 1', 'exp 2');

/** The expression in a name such as `Pattern<Reads<(Access)0>, Op<(Function)11, 0, 0, 0> >`. */
function expressionOf(name: string): Expression {
  const reads = /Reads<([^>]*)>/.exec(name)?.[1];
  if (reads === undefined) return INTERPRETED;
  const access = [...reads.matchAll(/\(Access\)(\d)/g)].map(([, kind]) => ACCESSES[Number(kind)] as Access);
  const instructions = [...name.matchAll(/Op<\(Function\)(\d+), (\d+), (\d+), (\d+)>/g)].map(([, which, ...args]) => {
    const fn = FUNCTIONS[Number(which)] as Instruction['fn'];
    const { arity, immediate } = fn === 'constant' ? { arity: 0, immediate: true } : SCALAR_FUNCTIONS[fn];
    return { fn, args: args.slice(0, arity).map(Number), ...(immediate && { value: 0.3 }) };
  });
  return { access, instructions };
}

const isMixed = (name: string): boolean => name.includes('(Values)1');

/** `sample` and `channel` are those of the space that the expression is over. */
function work<K extends 'elementwise' | 'reduce' | 'reduceSums' | 'reduceMoments'>(
  op: K,
  attributes: Work<K>['attributes'],
  [samples, total, channels]: readonly [number, number, number],
  shape: Shape,
  mixed: boolean,
): Work {
  const { access } = attributes.expression;
  const shapes: Record<Access, Shape> = { full: [total], channel: [channels], sample: [samples], scalar: [] };
  return {
    op,
    attributes,
    operands: access.map((each) => shapes[each]),
    inBfloat16: access.map((each) => mixed && each === 'full'),
    shape,
  };
}

/** Extents over whose rows so many threads go side by side. */
const ROWS: Record<string, readonly [outer: number, reduced: number]> = { 4: [6, 20], 32: [64, 100], 256: [3, 400] };

/** The registers behind a pattern, such as 6 and 9 in `> >, 6, 9>, Sums<2>`. */
const registersOf = (name: string): number[] =>
  (/>((?:, \d+)+)>,/.exec(name)?.[1] ?? '').split(', ').filter(Boolean).map(Number);

function reductionOf(name: string): Work {
  const lanes = /, (\d+)>$/.exec(name)?.[1];
  const [outer, reduced] = name.startsWith('reduce_rows') ? (ROWS[lanes as string] as [number, number]) : [2, 30];
  const inner = name.startsWith('reduce_rows') ? 1 : 12;
  const expressed = expressionOf(name);
  const space = [outer, outer * reduced * inner, inner === 1 ? reduced : inner] as const;
  const shared = { expression: expressed, extent: [outer, reduced, inner] as const };
  const mixed = isMixed(name);
  const accumulator = /, (Moments|RunningMaximum|Sums<(\d)>)/.exec(name) as RegExpExecArray;
  if (accumulator[1] === 'Moments') return work('reduceMoments', shared, space, [2, outer, inner], mixed);
  if (accumulator[1] === 'RunningMaximum')
    return work('reduce', { ...shared, kind: 'max' }, space, [outer, inner], mixed);
  const count = Number(accumulator[2]);
  const values = expressed === INTERPRETED ? [3, 2, 1].slice(0, count) : registersOf(name);
  return work('reduceSums', { ...shared, values, factor: 0.5 }, space, [count, outer, inner], mixed);
}

const symbolsOf = (made: Work, result: StoredType): string[] =>
  addon
    .planLaunches(sketchOf(made, result).program(), { ...GPUS.a100, precision: 'bfloat16' })
    .map(({ symbol }) => symbol);

/** Fails unless the work launches the kernel and gives what the CPU does. */
async function expectRight({ symbol, name }: Instantiation, made: Work, result: StoredType): Promise<void> {
  assert.ok(symbolsOf(made, result).includes(symbol), `not launched: ${name}`);
  const exact = await onRounded(made, cpu);
  const expected = result === 'bfloat16' ? rounded(exact) : exact;
  const error = largestError(await runWork(made, result, device), expected);
  // A number in the middle of two bfloat16 may be rounded either way.
  assert.ok(error < (result === 'bfloat16' ? 8e-3 : 2e-5), `${name} is off by ${error}`);
}

test('expressions of every element', async () => {
  const found = family(/^elementwise_(pattern_)?kernel</);
  assert.ok(found.length > 60, `${found.length}`);
  for (const each of found) {
    const mixed = isMixed(each.name);
    const attributes = { expression: expressionOf(each.name) };
    await expectRight(each, work('elementwise', attributes, [5, 60, 12], [60], mixed), mixed ? 'bfloat16' : 'float32');
  }
});

test('reductions over rows, by 4, 32 and 256 threads', async () => {
  const found = family(/^reduce_rows_kernel</);
  assert.ok(found.length > 60, `${found.length}`);
  for (const each of found) await expectRight(each, reductionOf(each.name), 'float32');
});

test('reductions over columns', async () => {
  const found = family(/^reduce_columns_kernel<(Compiled|Interpreted)Source</);
  assert.ok(found.length > 20, `${found.length}`);
  for (const each of found) await expectRight(each, reductionOf(each.name), 'float32');
});

test.after(() => {
  device.close();
  cpu.close();
});
test.run();
