import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Expression } from '../../src/tensor/operators.ts';
import { addon, type Sketch } from '../binding/support.ts';
import { expression } from './expression.ts';
import { Example, launchesOf, type Product, stepsOfKernels } from './products.ts';
import { closeDevices, kernels } from './support.ts';

// A product takes the expression behind it into its own kernel where nothing else reads it. What comes out must not change by a bit.

/** The expressions that products can apply as epilogues, and which operand the product is. */
const EPILOGUES: Record<string, readonly [sums: number, Expression]> = {
  bias: [0, expression('fc', 'add 0 1')],
  'bias, relu': [0, expression('fc', 'add 0 1', 'relu 2')],
  'bias, leakyRelu': [0, expression('fc', 'add 0 1', 'leakyRelu 2 = 0.2')],
  'bias, elu': [0, expression('fc', 'add 0 1', 'elu 2 = 0.7')],
  'bias, tanh': [0, expression('fc', 'add 0 1', 'tanh 2')],
  'bias, sigmoid': [0, expression('fc', 'add 0 1', 'sigmoid 2')],
  relu: [0, expression('f', 'relu 0')],
  leakyRelu: [0, expression('f', 'leakyRelu 0 = 0.3')],
  'gradient of relu': [0, expression('ff', 'step 1', 'mul 0 2')],
  'gradient of leakyRelu': [1, expression('ff', 'constant = 0.2', 'mul 2 1', 'select 0 1 3')],
  'gradient of bias, elu': [
    2,
    expression('fcf', 'add 0 1', 'constant = 0', 'minimum 3 4', 'exp 5', 'mul 2 6', 'select 3 2 7'),
  ],
  'gradient of tanh': [0, expression('ff', 'constant = 1', 'mul 1 1', 'sub 2 3', 'mul 0 4')],
  'second gradient of leakyRelu': [
    1,
    expression('ff', 'constant = 0', 'select 0 1 2', 'select 0 2 1', 'constant = 0.2', 'mul 4 5', 'add 3 6'),
  ],
  'sum with what follows': [0, expression('ff', 'add 0 1')],
  'sum with what precedes': [1, expression('ff', 'add 0 1')],
  'first of three': [0, expression('fff', 'add 0 1', 'add 3 2')],
  'second of three': [1, expression('fff', 'add 0 1', 'add 3 2')],
  'third of three': [2, expression('fff', 'add 0 1', 'add 3 2')],
};
const strided = { stride: [2, 2], padding: [1, 2, 1, 2] } as const;
const same = { stride: [1, 1], padding: [1, 1, 1, 1] } as const;
const plain = { transposeA: false, transposeB: false } as const;

const PRODUCTS: Record<string, Product> = {
  'a convolution': {
    op: 'conv2d',
    attributes: strided,
    inputs: [
      [2, 8, 8, 8],
      [68, 5, 5, 8],
    ],
    shape: [2, 4, 4, 68],
  },
  'a convolution of odd sizes': {
    op: 'conv2d',
    attributes: { stride: [2, 2], padding: [2, 2, 2, 2] },
    inputs: [
      [2, 9, 7, 5],
      [19, 5, 5, 5],
    ],
    shape: [2, 5, 4, 19],
  },
  'a transposed convolution in four phases': {
    op: 'conv2dInputGradient',
    attributes: { ...strided, inputSize: [8, 8] },
    inputs: [
      [2, 4, 4, 8],
      [8, 5, 5, 12],
    ],
    shape: [2, 8, 8, 12],
  },
  'a transposed convolution to an image': {
    op: 'conv2dInputGradient',
    attributes: { ...strided, inputSize: [8, 8] },
    inputs: [
      [2, 4, 4, 8],
      [8, 5, 5, 3],
    ],
    shape: [2, 8, 8, 3],
  },
  'a filter gradient': {
    op: 'conv2dFilterGradient',
    attributes: { ...same, filterSize: [3, 3] },
    inputs: [
      [2, 8, 8, 4],
      [2, 8, 8, 12],
    ],
    shape: [12, 3, 3, 4],
  },
  'a matrix product': {
    op: 'matmul',
    attributes: plain,
    inputs: [
      [33, 40],
      [40, 68],
    ],
    shape: [33, 68],
  },
  'a split reduction': {
    op: 'matmul',
    attributes: plain,
    inputs: [
      [6, 2048],
      [2048, 10],
    ],
    shape: [6, 10],
  },
  'a split reduction of odd size': {
    op: 'matmul',
    attributes: plain,
    inputs: [
      [3, 2048],
      [2048, 5],
    ],
    shape: [3, 5],
  },
};

const LEAKY_RELU_GRADIENT = EPILOGUES['gradient of leakyRelu']?.[1] as Expression;
const ADD = expression('ff', 'add 0 1');

function productWithEpilogue(product: Product, epilogue: readonly [number, Expression]) {
  const example = new Example();
  const sums = example.product(product);
  const result = example.sketch.step(
    'elementwise',
    { expression: epilogue[1] },
    example.operands(epilogue, sums),
    sums.shape,
  );
  return { example, sums, result };
}

for (const [name, product] of Object.entries(PRODUCTS)) {
  test(`${name} applies any expression as a launch of its own would`, async () => {
    for (const [what, epilogue] of Object.entries(EPILOGUES)) {
      const joined = productWithEpilogue(product, epilogue);
      assert.equal(stepsOfKernels(joined.example.sketch), [2], what);
      const apart = productWithEpilogue(product, epilogue);
      const [actual] = await joined.example.run(kernels, joined.result);
      const [expected] = await apart.example.run(kernels, apart.result, apart.sums);
      assert.equal(stepsOfKernels(apart.example.sketch), [1, 1], what);
      assert.equal(actual, expected, what);
    }
  });
}

for (const precision of ['tf32', 'bfloat16']) {
  test(`epilogues are exact in ${precision}, in whatever order threads run`, async () => {
    const product = PRODUCTS['a transposed convolution in four phases'] as Product;
    const epilogue = EPILOGUES['gradient of leakyRelu'] as readonly [number, Expression];
    const results: Float32Array[] = [];
    for (const seed of ['1', '2', '3']) {
      process.env.GANNET_SIMT_SEED = seed;
      const device = addon.openDevice('simt', { threads: 0, precision });
      const [joined, apart] = [productWithEpilogue(product, epilogue), productWithEpilogue(product, epilogue)];
      results.push((await joined.example.run(device, joined.result))[0] as Float32Array);
      results.push((await apart.example.run(device, apart.result, apart.sums))[0] as Float32Array);
      device.close();
    }
    delete process.env.GANNET_SIMT_SEED;
    for (const result of results) assert.equal(result, results[0]);
  });
}

test('the result may take the place of the product, or of an operand', async () => {
  const results: Float32Array[] = [];
  for (const place of ['product', 'operand', 'own']) {
    const example = new Example();
    const copied = example.sketch.step(
      'elementwise',
      { expression: expression('f', 'neg 0') },
      [example.feed([33, 68])],
      [33, 68],
    );
    const sums = example.product(PRODUCTS['a matrix product'] as Product);
    const attributes = { expression: LEAKY_RELU_GRADIENT };
    const result =
      place === 'own'
        ? example.sketch.step('elementwise', attributes, [copied, sums], [33, 68])
        : example.sketch.replace('elementwise', attributes, [copied, sums], place === 'product' ? sums : copied);
    assert.equal(stepsOfKernels(example.sketch), [1, 2]);
    results.push((await example.run(kernels, result))[0] as Float32Array);
  }
  assert.equal(results[0], results[2]);
  assert.equal(results[1], results[2]);
});

test('a result in the place of what the product reads waits for the product', async () => {
  const results: Float32Array[] = [];
  for (const inPlace of [true, false]) {
    const example = new Example();
    const x = example.sketch.step(
      'elementwise',
      { expression: expression('f', 'neg 0') },
      [example.feed([1, 6, 6, 4])],
      [1, 6, 6, 4],
    );
    const sums = example.sketch.step('conv2d', same, [x, example.feed([4, 3, 3, 4])], [1, 6, 6, 4]);
    const result = inPlace
      ? example.sketch.replace('elementwise', { expression: ADD }, [x, sums], x)
      : example.sketch.step('elementwise', { expression: ADD }, [x, sums], [1, 6, 6, 4]);
    assert.equal(stepsOfKernels(example.sketch), inPlace ? [1, 1, 1] : [1, 2]);
    results.push((await example.run(kernels, result))[0] as Float32Array);
  }
  assert.equal(results[0], results[1]);
});

test('a product that something else reads, or an expression that is not compiled, stays by itself', () => {
  const product = PRODUCTS['a matrix product'] as Product;
  const readAgain = productWithEpilogue(product, EPILOGUES.relu as readonly [number, Expression]);
  readAgain.example.sketch.step('elementwise', { expression: expression('f', 'neg 0') }, [readAgain.sums], [33, 68]);
  assert.equal(stepsOfKernels(readAgain.example.sketch), [1, 1, 1]);
  assert.equal(stepsOfKernels(productWithEpilogue(product, [0, expression('f', 'exp 0')]).example.sketch), [1, 1]);
  const asChannels = new Example();
  const row = asChannels.product({
    op: 'matmul',
    attributes: plain,
    inputs: [
      [1, 4],
      [4, 8],
    ],
    shape: [1, 8],
  });
  const whole = asChannels.feed([3, 8]);
  asChannels.sketch.step('elementwise', { expression: expression('fc', 'add 0 1') }, [whole, row], [3, 8]);
  assert.equal(stepsOfKernels(asChannels.sketch), [1, 1]);
});

test('launches tell what their product computes besides, and which of its steps they write', () => {
  const told = (sketch: Sketch) => launchesOf(sketch).map(({ epilogue, results }) => [epilogue, results]);
  const split = PRODUCTS['a split reduction'] as Product;
  // One step of the reduction cannot be split.
  const whole: Product = {
    ...split,
    inputs: [
      [6, 32],
      [32, 10],
    ],
  };
  const alone = (product: Product) => {
    const example = new Example();
    example.product(product);
    return example.sketch;
  };
  const activated = (product: Product) =>
    productWithEpilogue(product, EPILOGUES.relu as readonly [number, Expression]).example.sketch;
  const measured = (product: Product) => {
    const example = new Example();
    const attributes = { expression: expression('f'), extent: [1, 6, 10] as const };
    example.sketch.step('reduceMoments', attributes, [example.product(product)], [2, 10]);
    return example.sketch;
  };
  assert.equal(told(alone(whole)), [['none', [0]]]);
  assert.equal(told(alone(split)), [
    ['none', []],
    ['none', [0]],
  ]);
  assert.equal(told(activated(whole)), [['expression', [1]]]);
  assert.equal(told(activated(split)), [
    ['expression', []],
    ['expression', [1]],
  ]);
  assert.equal(told(measured(whole)), [
    ['statistics', [0]],
    ['statistics', [1]],
  ]);
  assert.equal(told(measured(split)), [
    ['statistics', []],
    ['statistics', [0, 1]],
  ]);
});

test.after(closeDevices);
test.run();
