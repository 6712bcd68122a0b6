import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bfloat16Storage } from '../../src/device/bfloat16_operands.ts';
import { compile } from '../../src/graph/compile.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { BFLOAT16_ELEMENTS } from '../../src/graph/index.ts';
import { type Program, type Slot, storedBytes } from '../../src/graph/program.ts';
import { verifyProgram } from '../../src/graph/verify.ts';
import * as gannet from '../../src/ops/index.ts';
import { assign } from '../../src/ops/update.ts';
import type { OpName } from '../../src/tensor/operators.ts';
import { elements, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, read, trace } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';

/** As the kernels claim reductions. */
const CLAIMS = new Set<OpName>(['reduceSums', 'reduceMoments']);

const SAME = { stride: 1, padding: 'same' } as const;

const variableOf = (name: string, shape: Shape): Variable => ({
  name,
  shape,
  dtype: 'float32',
  initializer: () => gannet.fill(0, shape),
  trainable: true,
});

const weights = (name: string, shape: Shape): Tensor => read(variableOf(name, shape));

function inBfloat16(body: () => Record<string, Tensor>, from = 1): Program {
  const program = compile(trace('test', body), CLAIMS, bfloat16Storage('simt', from));
  verifyProgram(program);
  return program;
}

/** Each step as its op and its values, inputs before the output: where each lies, or an asterisk if it is bfloat16 there, V if that is the
 *  copy of a variable. */
const steps = ({ steps: list }: Program): string[] =>
  list.map(({ op, inputs, output }) => `${op} ${inputs.map(mark).join('')}${mark(output)}`);

const mark = ({ dtype, storage }: Slot): string =>
  dtype !== 'bfloat16' ? storage.slice(0, 1) : storage === 'variable' ? 'V' : '*';

/** A convolution of a feed with a variable, then the expression, then another convolution. */
const chain = (between: (x: Tensor) => Tensor, channels = 8, filters = 8): Program =>
  inBfloat16(() => {
    const y = gannet.conv2d(feed('x', [2, 4, 4, channels]), weights('v', [filters, 3, 3, channels]), SAME);
    const z = between(y);
    return { z: gannet.conv2d(z, weights('w', [8, 3, 3, z.shape.at(-1) as number]), SAME) };
  });

test('what lies between products is bfloat16; feeds and outputs are not, and products read copies of feeds', () => {
  assert.equal(steps(chain(gannet.relu)), ['elementwise f*', 'conv2d *V*', 'elementwise **', 'conv2d *Va']);
});

test('products read the copy that the device keeps of a variable, in whatever shape', () => {
  const program = inBfloat16(() => {
    const w = weights('w', [8, 3, 3, 8]);
    const y = gannet.relu(gannet.conv2d(feed('x', [2, 4, 4, 8]), w, SAME));
    return { y: gannet.matmul(gannet.reshape(y, [32, 8]), gannet.reshape(w, [8, 72])) };
  });
  assert.equal(steps(program), ['elementwise f*', 'conv2d *V*', 'elementwise **', 'matmul *Va']);
  assert.is(program.steps.at(-1)?.inputs[1]?.offset, 0);
});

test('a copy of a feed is made once, however many products read it', () => {
  const program = inBfloat16(() => {
    const x = feed('x', [2, 4, 4, 8]);
    const y = gannet.relu(gannet.conv2d(x, weights('v', [8, 3, 3, 8]), SAME));
    return { y: gannet.add(y, gannet.conv2d(x, weights('w', [8, 3, 3, 8]), SAME)) };
  });
  assert.is(steps(program).filter((step) => step === 'elementwise f*').length, 1);
});

test('a variable is updated behind the products that read its copy, and those that read it again find the new one', () => {
  const variable = variableOf('w', [8, 8]);
  const program = inBfloat16(() => {
    const x = feed('x', [16, 8]);
    const w = read(variable);
    const updated = gannet.mul(w, 2);
    assign(variable, updated);
    return { after: gannet.matmul(x, read(variable)), before: gannet.matmul(x, w) };
  });
  assert.equal(steps(program).slice(-3), ['matmul *Va', 'assign vav', 'matmul *Va']);
});

test('products of channels that eight does not divide read float32', () => {
  assert.equal(steps(chain(gannet.relu, 3, 12)), ['conv2d fv*', 'elementwise *a', 'conv2d ava']);
});

test('a gradient is bfloat16 even where the other operand is an image', () => {
  const program = inBfloat16(() => {
    const x = feed('x', [2, 4, 4, 3]);
    const w = weights('w', [8, 3, 3, 3]);
    const y = gannet.tanh(gannet.conv2d(x, w, SAME));
    const [dx, dw] = gradients(gannet.reduceSum(gannet.square(y)), [x, w]);
    return { dx: dx as Tensor, dw: dw as Tensor };
  });
  const lines = steps(program);
  assert.ok(lines.includes('conv2dInputGradient *va'), lines.join());
  assert.ok(lines.includes('conv2dFilterGradient f*a'), lines.join());
});

test('small values stay float32, and products of nothing else', () => {
  const body = () => ({
    y: gannet.matmul(gannet.relu(gannet.matmul(feed('x', [8, 64]), weights('v', [64, 8]))), weights('w', [8, 8])),
  });
  assert.equal(steps(inBfloat16(body, BFLOAT16_ELEMENTS)), ['matmul fva', 'elementwise aa', 'matmul ava']);
  assert.equal(steps(inBfloat16(body, 512)), ['elementwise f*', 'matmul *Va', 'elementwise aa', 'matmul ava']);
});

test('statistics are float32, taken of bfloat16 values', () => {
  const program = inBfloat16(() => {
    const y = gannet.conv2d(feed('x', [2, 4, 4, 8]), weights('v', [8, 3, 3, 8]), SAME);
    const { mean, variance } = gannet.moments(y, [0, 1, 2]);
    return {
      z: gannet.conv2d(
        gannet.mul(y, gannet.broadcast(gannet.add(mean, variance), [0, 1, 2], y.shape)),
        weights('w', [8, 3, 3, 8]),
        SAME,
      ),
    };
  });
  const lines = steps(program);
  assert.ok(lines.includes('reduceMoments *a'), lines.join());
});

test('values that are read per channel are float32', () => {
  const program = inBfloat16(() => {
    const bias = gannet.tanh(feed('bias', [8]));
    const y = gannet.conv2d(feed('x', [2, 4, 4, 8]), weights('v', [8, 3, 3, 8]), SAME);
    const shifted = gannet.exp(gannet.add(y, gannet.broadcast(bias, [0, 1, 2], y.shape)));
    const scaled = gannet.exp(gannet.mul(y, gannet.broadcast(bias, [0, 1, 2], y.shape)));
    return { z: gannet.conv2d(gannet.concat([shifted, scaled], 3), weights('w', [8, 3, 3, 16]), SAME) };
  });
  const lines = steps(program);
  assert.ok(lines.includes('elementwise fa'), lines.join());
  assert.is(lines.filter((line) => line === 'elementwise *a*').length, 2, lines.join());
});

for (const [name, between, kept] of [
  ['slices', (x: Tensor) => gannet.slice(x, [0, 0, 0, 0], [2, 3, 4, 8]), true],
  ['zeros around', (x: Tensor) => gannet.pad(x, [0, 1, 1, 0], [0, 1, 1, 0]), true],
  ['joined channels', (x: Tensor) => gannet.concat([x, gannet.relu(x)], 3), true],
  ['upsampling', (x: Tensor) => gannet.upsampleNearest(x, 2), true],
  ['joined feeds', (x: Tensor) => gannet.concat([x, feed('beside', [2, 4, 4, 8])], 3), false],
  [
    'odd channels',
    (x: Tensor) => gannet.pad(gannet.slice(x, [0, 0, 0, 1], [2, 4, 4, 7]), [0, 0, 0, 1], [0, 0, 0, 0]),
    false,
  ],
  ['other shapes', (x: Tensor) => gannet.reshape(x, [2, 2, 8, 8]), true],
  ['transposes', (x: Tensor) => gannet.transpose(x, [1, 0, 2, 3]), false],
  ['pooling', (x: Tensor) => gannet.averagePool(x, 2), false],
] as const) {
  test(`${name} of bfloat16 values ${kept ? 'are bfloat16' : 'are not: the kernels cannot read them'}`, () => {
    const program = chain(between);
    const convolutions = program.steps.filter(({ op }) => op === 'conv2d');
    assert.is(convolutions[0]?.output.dtype, kept ? 'bfloat16' : 'float32');
    assert.is(convolutions[1]?.inputs[0]?.dtype, 'bfloat16');
    const copies = program.steps.filter(
      ({ op, inputs, output }) =>
        op === 'elementwise' && inputs[0]?.storage === 'arena' && inputs[0].dtype !== output.dtype,
    );
    assert.is(copies.length, kept ? 0 : 1);
  });
}

test('a view of bfloat16 values begins at a multiple of 64 bytes of two each', () => {
  const program = chain((x) => gannet.slice(x, [1, 0, 0, 0], [1, 4, 4, 8]));
  const [whole, part] = program.steps
    .filter(({ op }) => op === 'conv2d')
    .map(({ inputs, output }, i) => (i === 0 ? output : inputs[0])) as [Slot, Slot];
  assert.is(part.offset - whole.offset, 4 * 4 * 8 * 2);
});

test('a float32 result never takes the place of a bfloat16 operand, not even of twice its elements', () => {
  const program = inBfloat16(() => {
    const y = gannet.conv2d(feed('x', [2, 4, 4, 8]), weights('v', [8, 3, 3, 8]), SAME);
    return { z: gannet.relu(gannet.slice(y, [0, 0, 0, 0], [1, 4, 4, 8])) };
  });
  const { inputs, output } = program.steps.at(-1) as Program['steps'][number];
  assert.equal([inputs[0]?.dtype, output.dtype], ['bfloat16', 'float32']);
  const [begin, end] = [inputs[0] as Slot, output].map(({ offset }) => offset) as [number, number];
  assert.ok(end >= begin + storedBytes(inputs[0] as Slot) || begin >= end + storedBytes(output), `${begin} ${end}`);
});

test('the arena shrinks with what is in it', () => {
  const body = () => {
    let x = gannet.conv2d(feed('x', [8, 16, 16, 64]), weights('v', [64, 3, 3, 64]), SAME);
    for (let i = 0; i < 4; i++)
      x = gannet.add(x, gannet.tanh(gannet.conv2d(gannet.relu(x), weights(`w${i}`, [64, 3, 3, 64]), SAME)));
    return { mean: gannet.reduceMean(x) };
  };
  const wide = compile(trace('wide', body), CLAIMS);
  const stored = inBfloat16(body, BFLOAT16_ELEMENTS);
  const image = 8 * 16 * 16 * 64;
  assert.is(wide.arenaBytes, 4 * 3 * image);
  assert.is(stored.arenaBytes, 2 * 3 * image);
  assert.ok(
    stored.steps.every(({ output }) => elements(output.shape) < BFLOAT16_ELEMENTS || output.dtype === 'bfloat16'),
  );
});

test.run();
