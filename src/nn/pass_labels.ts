import { ConfigError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Pass } from './layer.ts';

/** The labels of a pass [N,labels]. @throws ConfigError labels_missing */
export function labelsOf({ labels }: Pass, path: string): Tensor {
  if (labels) return labels;
  throw new ConfigError(
    'labels_missing',
    `${path}: a conditional network needs the labels of its samples, float32 [N, labels], in the pass`,
  );
}
