import { batchSimilarity, concat, flatten, matmul, reshape } from '../ops/index.ts';
import { scoped } from '../tensor/scope.ts';
import { elements } from '../tensor/shape.ts';
import { read } from '../tensor/trace.ts';
import type { Initializer } from '../tensor/variable.ts';
import { normal } from './initializers.ts';
import { type LayerBuilder, lastName, parameter } from './layer.ts';

/** The sizes of minibatch discrimination. */
export interface MinibatchOptions {
  /** In how many respects images are compared, B; default 128. */
  readonly features?: number;
  /** Numbers that each comparison is of, C; default 5. */
  readonly dimensions?: number;
  /** Of the tensor; default: normal with deviation 1 / sqrt(A), so that what is compared is as large as the inputs, however many. */
  readonly weights?: Initializer;
}

/** Minibatch discrimination: tells every image how alike it is to the others of its batch, so that a discriminator sees when generated
 *  images are all the same. x [N,...] of A numbers per image -> x flattened and behind it o_ib = sum_j exp(-||M_ib - M_jb||_1),
 *  M = x T [N,B,C]: [N, A + B]. Variable: weight, T [A,B,C]. It mixes the images of a batch, so that no gradient penalty goes with it.
 *  @see arXiv:1606.03498, section 3.2 */
export const minibatchDiscrimination =
  ({ features = 128, dimensions = 5, weights }: MinibatchOptions = {}): LayerBuilder =>
  (path, inputShape) => {
    const inputs = elements(inputShape);
    const weight = parameter(
      `${path}.weight`,
      [inputs, features, dimensions],
      weights ?? normal(1 / Math.sqrt(inputs)),
    );
    return {
      name: lastName(path),
      description: `minibatch discrimination ${features}x${dimensions}`,
      inputShape,
      outputShape: [inputs + features],
      mixesSamples: true,
      variables: [weight],
      apply: (x) =>
        scoped(lastName(path), () => {
          const rows = flatten(x);
          const compared = matmul(rows, reshape(read(weight), [inputs, features * dimensions]));
          const samples = x.shape[0] as number;
          return concat([rows, batchSimilarity(reshape(compared, [samples, features, dimensions]))], 1);
        }),
    };
  };
