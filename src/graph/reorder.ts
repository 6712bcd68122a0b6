import { overwrittenInputs } from '../ops/update.ts';
import { isOptimizerOp, type OpName } from '../tensor/operators.ts';
import { elements } from '../tensor/shape.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import { consumersOf } from './walk.ts';

/** Tensors below this many elements can wait for their update: the gradients of all of them together take little memory. */
export const POSTPONED_ELEMENTS = 1 << 16;

/** The same order with the optimiser's updates of small tensors at its end, those with equal settings and rates beside each other, so
 *  that a device can make many of them in one launch. */
export function postponeSmallUpdates(order: readonly Tensor[]): Tensor[] {
  const consumers = consumersOf(order);
  const consumersOfTensor = (tensor: Tensor) => consumers.get(tensor) ?? [];
  // What comes after an update that has moved to the end finds the variable not yet updated, or its inputs overwritten.
  const mayWait = (tensor: Tensor): boolean =>
    isOptimizerOp(tensor.op) &&
    elements(tensor.shape) < POSTPONED_ELEMENTS &&
    consumersOfTensor(tensor).length === 0 &&
    tensor.inputs.every((input) =>
      consumersOfTensor(input).every((other) => other === tensor || !overwrittenInputs(other).includes(input)),
    );
  const waiting = new Map<string, Tensor[]>();
  for (const update of order.filter(mayWait)) {
    const key = settingsOf(update);
    waiting.set(key, [...(waiting.get(key) ?? []), update]);
  }
  const postponed = [...waiting.values()].flat();
  const moved = new Set(postponed);
  return [...order.filter((tensor) => !moved.has(tensor)), ...postponed];
}

const PRODUCTS: ReadonlySet<OpName> = new Set<OpName>([
  'matmul',
  'conv2d',
  'conv2dInputGradient',
  'conv2dFilterGradient',
]);

/** The same order with what a device may do on a product's way to memory right behind it, if it waits for nothing else: an expression
 *  that alone reads the product, whose memory it takes, or the first statistics of the product's channels. */
export function joinFollowersToProducts(order: readonly Tensor[]): Tensor[] {
  const position = new Map(order.map((tensor, i) => [tensor, i]));
  const consumers = consumersOf(order);
  const followers = new Map<Tensor, Tensor>();
  for (const tensor of order) {
    const isExpression = isOp(tensor, 'elementwise');
    if (!isExpression && !isChannelStatistic(tensor)) continue;
    const last = Math.max(...tensor.inputs.map((input) => position.get(input) as number));
    const product = order[last];
    const full = product && tensor.attributes.expression.access[tensor.inputs.indexOf(product)] === 'full';
    if (!product || !full || !PRODUCTS.has(product.op) || followers.has(product)) continue;
    if (!isExpression || consumers.get(product)?.length === 1) followers.set(product, tensor);
  }
  const moved = new Set(followers.values());
  return order.flatMap((tensor) => {
    const follower = followers.get(tensor);
    return moved.has(tensor) ? [] : follower ? [tensor, follower] : [tensor];
  });
}

const isChannelStatistic = (tensor: Tensor): tensor is Tensor<'reduceMoments' | 'reduceSums'> =>
  (isOp(tensor, 'reduceMoments') || isOp(tensor, 'reduceSums')) && tensor.attributes.extent[0] === 1;

/** Equal for updates that differ in their tensors alone. */
function settingsOf({ op, attributes, inputs }: Tensor): string {
  const numbers = inputs.filter(({ shape }) => shape.length === 0).map(({ id }) => id);
  return JSON.stringify([op, Object.values(attributes).map(String), numbers]);
}
