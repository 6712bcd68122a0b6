import { test } from 'uvu';
import type { Access } from '../../src/tensor/operators.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { expression } from './expression.ts';
import { closeDevices, expectAgreement, inputs } from './support.ts';

const normalized = (x: number, first: number) => [
  `sub ${x} ${x + 1}`,
  `mul ${first} ${x + 2}`,
  `mul ${first + 1} ${x + 3}`,
  `add ${first + 2} ${x + 4}`,
];

/** The expressions that have a kernel of their own, as the fusion pass writes them; those of norms are in norms.test.ts. */
const compiled = {
  bias: expression('fc', 'add 0 1'),
  'bias, relu': expression('fc', 'add 0 1', 'relu 2'),
  'bias, leakyRelu': expression('fc', 'add 0 1', 'leakyRelu 2 = 0.2'),
  'bias, tanh': expression('fc', 'add 0 1', 'tanh 2'),
  relu: expression('f', 'relu 0'),
  leakyRelu: expression('f', 'leakyRelu 0 = 0.2'),
  'batch norm': expression('fcccc', ...normalized(0, 5)),
  'batch norm, relu': expression('fcccc', ...normalized(0, 5), 'relu 8'),
  'batch norm, leakyRelu': expression('fcccc', ...normalized(0, 5), 'leakyRelu 8 = 0.2'),
  'layer norm': expression('fsscc', ...normalized(0, 5)),
  'layer norm, relu': expression('fsscc', ...normalized(0, 5), 'relu 8'),
  'layer norm, leakyRelu': expression('fsscc', ...normalized(0, 5), 'leakyRelu 8 = 0.2'),
  'gradient of relu': expression('ff', 'step 1', 'mul 0 2'),
  'gradient of leakyRelu': expression('ff', 'constant = 0.2', 'mul 2 1', 'select 0 1 3'),
  'gradient of tanh': expression('ff', 'constant = 1', 'mul 1 1', 'sub 2 3', 'mul 0 4'),
  'second derivative of leakyRelu': expression(
    'ff',
    'constant = 0',
    'select 0 1 2',
    'select 0 2 1',
    'constant = 0.2',
    'mul 4 5',
    'add 3 6',
  ),
  sum: expression('ff', 'add 0 1'),
  'sum of three': expression('fff', 'add 0 1', 'add 3 2'),
  product: expression('ff', 'mul 0 1'),
  multiple: expression('f', 'constant = 0.3', 'mul 1 0'),
  interpolation: expression('fsf', 'sub 2 0', 'mul 1 3', 'add 0 4'),
  'weighted sum': expression('ff', 'constant = 0.9', 'mul 2 0', 'constant = 0.1', 'mul 4 1', 'add 3 5'),
};

/** Expressions that are interpreted. */
const interpreted = {
  'every way of reading': expression('fcs1', 'mul 0 1', 'sub 4 2', 'maximum 5 3', 'sigmoid 6'),
  'twelve operands': expression(
    'ffcscsf1ffcs',
    ...Array.from({ length: 11 }, (_, i) => `add ${i === 0 ? 0 : i + 11} ${i + 1}`),
  ),
  'an operand that is needed last': expression('fc', 'tanh 0', 'exp 2', 'mul 3 2', 'sub 4 1', 'softplus 5', 'add 6 0'),
  'thirty-two instructions': expression(
    'fs',
    ...Array.from({ length: 32 }, (_, i) => `${i % 2 ? 'tanh' : 'neg'} ${i === 0 ? 0 : i + 1}`),
  ),
  'values alive at once': expression(
    'ff',
    ...Array.from({ length: 16 }, (_, i) => `${i % 2 ? 'sigmoid' : 'abs'} ${i % 2}`),
    ...Array.from({ length: 15 }, (_, i) => `add ${i === 0 ? 2 : i + 17} ${i + 3}`),
  ),
  'a constant alone': expression('', 'constant = 2.5'),
};

const SIZES: Record<Access, (shape: readonly [number, number, number]) => Shape> = {
  full: (shape) => shape,
  channel: ([, , c]) => [c],
  sample: ([n]) => [n],
  scalar: () => [],
};

// Channels that fill 16-byte accesses and ones that do not, samples that end within one, fewer elements than a block and more.
const SHAPES = [
  [1, 1, 1],
  [3, 5, 1],
  [2, 9, 3],
  [5, 1, 7],
  [4, 16, 8],
  [7, 3, 64],
  [3, 31, 33],
] as const;

for (const [kind, table] of Object.entries({ compiled, interpreted })) {
  for (const [name, program] of Object.entries(table)) {
    test(`${kind}: ${name}`, async () => {
      for (const shape of SHAPES) {
        const operands = inputs(...program.access.map((access) => SIZES[access](shape)));
        await expectAgreement('elementwise', { expression: program }, operands, shape, 2e-6);
      }
    });
  }
}

test.after(closeDevices);
test.run();
