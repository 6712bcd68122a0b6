import { broadcast, div, exp, log, mul, neg, reduceMax, reduceMean, reduceSum, sub } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Logits less the largest of their row, so that no exponential overflows. */
const shifted = (logits: Tensor): Tensor => sub(logits, broadcast(reduceMax(logits, [1]), [1], logits.shape));

/** Probabilities of classes: logits [N,K] -> [N,K], each row of sum 1. */
export function softmax(logits: Tensor): Tensor {
  const weights = exp(shifted(logits));
  return div(weights, broadcast(reduceSum(weights, [1]), [1], logits.shape));
}

/** The mean over a batch of -log p(class). @param logits [N,K] @param targets [N,K], a one in the column of each row's class */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const relative = shifted(logits);
  const normaliser = log(reduceSum(exp(relative), [1]));
  const ofClass = reduceSum(mul(relative, targets), [1]);
  return neg(reduceMean(sub(ofClass, normaliser)));
}
