import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDevice } from '../../src/device/check/check.ts';
import { listDevices } from '../../src/device/index.ts';
import type { NativeDeviceInfo } from '../../src/device/native.ts';
import { DeviceError } from '../../src/errors.ts';
import type { ProductPrecision } from '../../src/oracle/tolerance.ts';

const simulator = listDevices().find(({ kind }) => kind === 'simt') as NativeDeviceInfo;

/** The failure of a self-check on a simulated GPU, every launch of whose kernels of this name writes one number a third or more off. */
async function failureWith(kernel: string, precision: ProductPrecision): Promise<DeviceError | undefined> {
  process.env.GANNET_SIMT_FAULT = `::${kernel}`;
  try {
    await checkDevice(simulator, { among: [precision] });
    return undefined;
  } catch (error) {
    return error as DeviceError;
  } finally {
    delete process.env.GANNET_SIMT_FAULT;
  }
}

test('sound devices pass in every precision that they have', async () => {
  const cpu = listDevices().find(({ kind }) => kind === 'cpu') as NativeDeviceInfo;
  assert.equal((await checkDevice(cpu)).precisions, ['float32']);
  const { precisions, results } = await checkDevice(simulator);
  assert.equal(precisions, ['float32', 'tf32', 'bfloat16']);
  assert.ok(results > 100, `${results} results`);
});

test('the GPU that is named is checked, and no other', async () => {
  const check = checkDevice(simulator, { among: ['float32'], gpu: 1 });
  const error = await check.then(
    () => undefined,
    (reason: DeviceError) => reason,
  );
  assert.match(error?.message ?? 'it passed', 'needs a GPU of its own, but the CUDA driver shows 1');
});

/** Every family of kernels, and the result that its fault shows in first. */
const FAULTS: Readonly<Record<string, string>> = {
  elementwise_kernel: 'elementwise',
  elementwise_pattern_kernel: 'relu',
  fill_kernel: 'fill',
  copy_kernel: 'concat',
  transpose_kernel: 'transpose',
  reduce_rows_kernel: 'reduceSum',
  reduce_columns_kernel: 'reduceMax',
  combine_partials_kernel: 'reduceSum of long rows',
  max_pool_kernel: 'maxPool',
  average_pool_kernel: 'averagePool',
  max_pool_gradient_kernel: 'maxPoolGradient',
  average_pool_gradient_kernel: 'averagePoolGradient',
  max_pool_gather_kernel: 'maxPoolGather',
  gather_kernel: 'gather',
  scatter_add_kernel: 'scatterAdd',
  one_hot_kernel: 'oneHot',
  random_kernel: 'randomUniform',
  advance_random_kernel: 'randomUniform',
  batch_similarity_kernel: 'batchSimilarity',
  batch_similarity_gradient_kernel: 'batchSimilarityGradient',
  cholesky_kernel: 'cholesky',
  sum_partials_kernel: 'matmul with a split reduction',
  optimizer_kernel: 'adam',
};

for (const [kernel, result] of Object.entries(FAULTS)) {
  test(`a fault of ${kernel} is found in ${result}`, async () => {
    const failure = await failureWith(kernel, 'float32');
    assert.instance(failure, DeviceError);
    assert.is(failure?.code, 'device_wrong');
    assert.match(failure?.message ?? '', `in float32: ${result} is `);
  });
}

/** The products, which multiply in other instructions in each precision. */
const PRODUCTS: Readonly<Record<string, string>> = {
  matmul_kernel: 'matmul',
  conv2d_forward_kernel: 'conv2d',
  conv2d_input_gradient_kernel: 'conv2dInputGradient',
  conv2d_filter_gradient_kernel: 'conv2dFilterGradient',
};

for (const precision of ['float32', 'tf32', 'bfloat16'] as const) {
  test(`faults of products are found in ${precision}`, async () => {
    for (const [kernel, result] of Object.entries(PRODUCTS)) {
      const failure = await failureWith(kernel, precision);
      assert.match(failure?.message ?? '', `in ${precision}: ${result} is `, kernel);
    }
  });
}

test('a failure says which device, how far off, what is allowed, and what to do', async () => {
  const failure = await failureWith('matmul_kernel', 'tf32');
  assert.match(
    failure?.message ?? '',
    /matrix products on the device simt \(gannet simulator\) in tf32: matmul is .*e.* off, of which 1e-3 is allowed\.\n.*driver or card.*--device cpu.*GANNET_CUDA_CHECK=0/,
  );
});

test.run();
