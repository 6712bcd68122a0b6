import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ShapeError } from '../../src/errors.ts';
import * as gannet from '../../src/ops/index.ts';
import { ops } from '../../src/ops/rules.ts';
import { scoped } from '../../src/tensor/scope.ts';
import type { DType, Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, trace } from '../../src/tensor/trace.ts';

/** A call that does not fit, the code it is refused with, and what the message must say. */
interface Refusal {
  readonly code: string;
  readonly says: string;
  readonly call: () => unknown;
}

let feeds = 0;
const tensor = (shape: Shape, dtype?: DType): Tensor => feed(`feed ${feeds++}`, shape, dtype);
const OVERLAPPING = { size: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] } as const;
const norm = { epsilon: 1e-5 };

const refusals: Record<string, Refusal> = {
  'a filter of other channels': {
    code: 'conv2d_channels',
    says: 'w [8,3,3,3], but received [8,3,3,4]',
    call: () => gannet.conv2d(tensor([2, 5, 5, 3]), tensor([8, 3, 3, 4])),
  },
  'a transposed filter of other channels': {
    code: 'conv2d_channels',
    says: '4 output channels, w [4,3,3,3], but received [8,3,3,3]',
    call: () => gannet.conv2dTranspose(tensor([2, 5, 5, 4]), tensor([8, 3, 3, 3])),
  },
  'an output size that does not lead back': {
    code: 'conv2d_input_size',
    says: 'to [12,10] expects an output gradient of [6,5], but received [5,5]',
    call: () => gannet.conv2dTranspose(tensor([2, 5, 5, 8]), tensor([8, 3, 3, 3]), { stride: 2, outputSize: [12, 10] }),
  },
  'an output gradient of another batch': {
    code: 'conv2d_filter_size',
    says: 'expects an output gradient of [2,5,5], but received [3,5,5,8]',
    call: () =>
      ops.conv2dFilterGradient(
        { stride: [1, 1], padding: [1, 1, 1, 1], filterSize: [3, 3] },
        tensor([2, 5, 5, 3]),
        tensor([3, 5, 5, 8]),
      ),
  },
  'a filter larger than the image': {
    code: 'window_too_large',
    says: 'a window of [4,4] does not fit into an image of [3,5]',
    call: () => gannet.conv2d(tensor([1, 3, 5, 1]), tensor([1, 4, 4, 1]), { padding: 'valid' }),
  },
  'a stride of zero': {
    code: 'window_geometry',
    says: 'received stride [0,0]',
    call: () => gannet.conv2d(tensor([1, 5, 5, 1]), tensor([1, 3, 3, 1]), { stride: 0, padding: 1 }),
  },
  'padding below zero': {
    code: 'window_geometry',
    says: 'padding [-1,0,0,0]',
    call: () => gannet.maxPool(tensor([1, 5, 5, 1]), 2, { padding: [-1, 0, 0, 0] }),
  },
  'an image of rank 3': {
    code: 'image_rank',
    says: 'conv2d input expects four axes, but received [5,5,3]',
    call: () => gannet.conv2d(tensor([5, 5, 3]), tensor([8, 3, 3, 3])),
  },
  'an image of whole numbers': {
    code: 'image_dtype',
    says: 'expects float32, but received int32',
    call: () => gannet.conv2d(tensor([1, 5, 5, 3], 'int32'), tensor([8, 3, 3, 3])),
  },
  'a pool of nothing but padding': {
    code: 'pool_padding',
    says: 'pooling by [2,2] expects padding below its size, but received [2,0,0,0]',
    call: () => gannet.averagePool(tensor([1, 5, 5, 1]), 2, { padding: [2, 0, 0, 0] }),
  },
  'an output gradient of another pool': {
    code: 'pool_gradient_shape',
    says: 'expects an output gradient of [2,3,3,4], but received [2,2,3,4]',
    call: () => ops.maxPoolGradient(OVERLAPPING, tensor([2, 5, 6, 4]), tensor([2, 2, 3, 4])),
  },
  'two images of different sizes': {
    code: 'pool_gather_shape',
    says: 'two images of [2,5,6,4], but received [2,5,5,4]',
    call: () => ops.maxPoolGather(OVERLAPPING, tensor([2, 5, 6, 4]), tensor([2, 5, 5, 4])),
  },
  'a scale between whole numbers': {
    code: 'upsample_scale',
    says: 'a whole scale >= 1, but received 1.5',
    call: () => gannet.upsampleNearest(tensor([1, 2, 2, 1]), 1.5),
  },
  'operands of two shapes': {
    code: 'elementwise_shapes',
    says: 'add expects operands of one shape, but received [2,3] and [3]',
    call: () => gannet.add(tensor([2, 3]), tensor([3])),
  },
  'operands of whole numbers': {
    code: 'elementwise_dtype',
    says: 'neg expects float32, but received int32',
    call: () => gannet.neg(tensor([2], 'int32')),
  },
  'matrices with different inner sizes': {
    code: 'matmul_shapes',
    says: 'a [M,K] and b [N,K] with one K, but received [2,3] and [3,4]',
    call: () => gannet.matmul(tensor([2, 3]), tensor([3, 4]), { transposeB: true }),
  },
  'matrices of whole numbers': {
    code: 'matmul_dtype',
    says: 'matmul expects float32, but received int32',
    call: () => gannet.matmul(tensor([2, 3], 'int32'), tensor([3, 4])),
  },
  'a matrix that is not square': {
    code: 'cholesky_shape',
    says: 'cholesky expects matrix float32 [N,N], but received float32 [2,3]',
    call: () => gannet.cholesky(tensor([2, 3])),
  },
  'a reduction over axes in no order': {
    code: 'reduce_axes',
    says: 'reduceSum expects ascending axes of [2,3,4], but received [2,0]',
    call: () => gannet.reduceSum(tensor([2, 3, 4]), [2, 0]),
  },
  'a reduction over an axis that is not there': {
    code: 'reduce_axes',
    says: 'reduceMax expects ascending axes of [2,3], but received [2]',
    call: () => gannet.reduceMax(tensor([2, 3]), [2]),
  },
  'a broadcast of another shape': {
    code: 'broadcast_shape',
    says: 'expects an input of shape [4], but received [3]',
    call: () => gannet.perChannel(tensor([3]), [2, 4]),
  },
  'a broadcast along an axis that is not there': {
    code: 'broadcast_shape',
    says: 'along ascending axes [0,3]',
    call: () => gannet.broadcast(tensor([3]), [0, 3], [2, 3]),
  },
  'a reshape to another size': {
    code: 'reshape_elements',
    says: 'from 6 to 8',
    call: () => gannet.reshape(tensor([2, 3]), [2, 4]),
  },
  'a permutation with an axis twice': {
    code: 'transpose_permutation',
    says: 'a permutation of its 3 axes, but received [0,1,1]',
    call: () => gannet.transpose(tensor([2, 3, 4]), [0, 1, 1]),
  },
  'parts that differ beside the axis': {
    code: 'concat_shapes',
    says: 'concat along axis 1 expects one type and shapes that agree in every other axis, but received [2,3] and [3,3]',
    call: () => gannet.concat([tensor([2, 3]), tensor([3, 3])], 1),
  },
  'parts of two types': {
    code: 'concat_shapes',
    says: 'expects one type',
    call: () => gannet.concat([tensor([2, 3]), tensor([2, 3], 'int32')], 1),
  },
  'a slice over the edge': {
    code: 'slice_range',
    says: 'from [1,2] of size [1,2] does not lie within [2,3]',
    call: () => gannet.slice(tensor([2, 3]), [1, 2], [1, 2]),
  },
  'padding for another rank': {
    code: 'pad_amounts',
    says: 'one amount >= 0 per axis on either side, but received [1] and [0]',
    call: () => gannet.pad(tensor([2, 3]), [1], [0]),
  },
  'indices that are no whole numbers': {
    code: 'indices_dtype',
    says: 'gather expects table float32 [V,D], indices int32 [I...], but received float32 [5,3], float32 [2]',
    call: () => gannet.embedding(tensor([5, 3]), tensor([2])),
  },
  'a table of whole numbers': {
    code: 'gather_table',
    says: 'but received int32 [5,3], int32 [2]',
    call: () => gannet.embedding(tensor([5, 3], 'int32'), tensor([2], 'int32')),
  },
  'labels that are no whole numbers': {
    code: 'indices_dtype',
    says: 'oneHot expects indices int32 [I...], but received float32 [4]',
    call: () => gannet.oneHot(tensor([4]), 10),
  },
  'a table of rank 3': {
    code: 'gather_table',
    says: 'table float32 [V,D], indices int32 [I...], but received float32 [5,3,2], int32 [2]',
    call: () => gannet.embedding(tensor([5, 3, 2]), tensor([2], 'int32')),
  },
  'rows without an index': {
    code: 'scatter_rows',
    says: 'indices int32 [I...], gradient float32 [I...,D], but received int32 [2], float32 [3,4]',
    call: () => ops.scatterAdd({ rows: 5 }, tensor([2], 'int32'), tensor([3, 4])),
  },
  'whole numbers that are truncated': {
    code: 'elementwise_dtype',
    says: 'truncate expects x float32 [S...], but received int32 [3]',
    call: () => gannet.truncate(tensor([3], 'int32')),
  },
  'rows of another size than those of the variable': {
    code: 'update_shapes',
    says: 'rows T [N,S...], but received float32 [5,3], int32 [2], float32 [2,4]',
    call: () => ops.assignRows({}, tensor([5, 3]), tensor([2], 'int32'), tensor([2, 4])),
  },
  'rows without a place': {
    code: 'update_shapes',
    says: 'but received float32 [5,3], int32 [1], float32 [2,3]',
    call: () => ops.assignRows({}, tensor([5, 3]), tensor([1], 'int32'), tensor([2, 3])),
  },
  'a random state of another type': {
    code: 'random_state',
    says: 'state int32 [2], but received float32 [2]',
    call: () => gannet.randomNormal(tensor([2]), [3]),
  },
  'sums of different shapes': {
    code: 'sums_shapes',
    says: 'sums expects 1 to 3 tensors of one shape, but received [2,3] and [3]',
    call: () => ops.sums({ axes: [0], factor: 1 }, tensor([2, 3]), tensor([3])),
  },
  'images without dimensions to compare': {
    code: 'similarity_rows',
    says: 'rows float32 [N,B,C], but received float32 [4,6]',
    call: () => gannet.batchSimilarity(tensor([4, 6])),
  },
  'a gradient of other similarities': {
    code: 'similarity_gradient',
    says: 'rows float32 [N,B,C], gradient float32 [N,B], but received float32 [4,6,5], float32 [4,5]',
    call: () => ops.batchSimilarityGradient({}, tensor([4, 6, 5]), tensor([4, 5])),
  },
  'a vector to normalise': {
    code: 'norm_rank',
    says: 'samples and channels [N,...,C], but received [3]',
    call: () => gannet.batchNorm(tensor([3]), tensor([3]), tensor([3]), 1e-5),
  },
  'a gain of other channels': {
    code: 'norm_gain',
    says: 'layerNorm of [2,5,5,3] expects gain as float32 [3], but received float32 [5]',
    call: () => gannet.layerNorm(tensor([2, 5, 5, 3]), tensor([5]), tensor([3]), 1e-5),
  },
  'a bias of other channels': {
    code: 'norm_bias',
    says: 'batchNorm of [2,3] expects bias as float32 [3], but received float32 [1]',
    call: () => gannet.batchNorm(tensor([2, 3]), tensor([3]), tensor([1]), 1e-5),
  },
  'an output gradient of another normalisation': {
    code: 'norm_dy',
    says: 'expects dy as float32 [2,3], but received float32 [3]',
    call: () => ops.layerNormGradient(norm, tensor([2, 3]), tensor([3]), tensor([3])),
  },
  'a gradient of another shape than the weight': {
    code: 'update_shapes',
    says: 'sgd expects w float32 [S...], gradient float32 [S...], rate float32 [], but received float32 [2], float32 [3], float32 []',
    call: () => ops.sgd({ clip: 1 }, tensor([2]), tensor([3]), tensor([])),
  },
  'a value of another type than the variable': {
    code: 'update_shapes',
    says: 'assign expects variable T [S...], value T [S...], but received float32 [2], int32 [2]',
    call: () => ops.assign({}, tensor([2]), tensor([2], 'int32')),
  },
  'an update without its rate': {
    code: 'update_shapes',
    says: 'rate float32 [], but received float32 [2], float32 [2]',
    call: () => ops.sgd({ clip: 1 }, tensor([2]), tensor([2])),
  },
  'an update with two rates': {
    code: 'update_shapes',
    says: 'but received float32 [2], float32 [2], float32 [], float32 []',
    call: () => ops.sgd({ clip: 1 }, tensor([2]), tensor([2]), tensor([]), tensor([])),
  },
};

for (const [name, { code, says, call }] of Object.entries(refusals)) {
  test(`${name}: ${code}, naming the layer`, () => {
    trace('test', () => {
      try {
        scoped('critic', () => scoped('layer3', call));
        assert.unreachable('nothing was thrown');
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        assert.is(error.code, code);
        assert.ok(error.message.startsWith('critic.layer3: '), error.message);
        assert.ok(error.message.includes(says), error.message);
      }
      return {};
    });
  });
}

test('every code of src/ops is provoked above', () => {
  const folder = new URL('../../src/ops/', import.meta.url);
  const texts = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const thrown = texts.flatMap((text) =>
    [...text.matchAll(/shapeError\(\s*['`]([a-z0-9_]+)['`]/g)].map(([, code]) => code as string),
  );
  const bySignature = texts.flatMap((text) =>
    [...text.matchAll(/bySignature\((?:'\w+'|name)((?:, '[a-z0-9_]+')+)\)/g)].flatMap(
      ([, codes]) => (codes as string).match(/[a-z0-9_]+/g) ?? [],
    ),
  );
  const provoked = new Set(Object.values(refusals).map(({ code }) => code));
  assert.equal(
    [...thrown, ...bySignature].filter((code) => !provoked.has(code)),
    [],
  );
});

test.run();
