import { overwrittenInputs } from '../ops/update.ts';
import { isOptimizerOp } from '../tensor/operators.ts';
import { elements } from '../tensor/shape.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import { isProduct } from './products.ts';
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

/** The same order with the epilogue of each product right behind the product. An epilogue is what a device may compute of a product before
 *  the product is in memory: an expression that alone reads the product, or the first statistics of the product's channels. It moves only
 *  if the product is the last of its inputs to be made. */
export function joinEpiloguesToProducts(order: readonly Tensor[]): Tensor[] {
  const position = new Map(order.map((tensor, i) => [tensor, i]));
  const consumers = consumersOf(order);
  const epilogues = new Map<Tensor, Tensor>();
  for (const tensor of order) {
    const isExpression = isOp(tensor, 'elementwise');
    if (!isExpression && !isChannelStatistic(tensor)) continue;
    const last = Math.max(...tensor.inputs.map((input) => position.get(input) as number));
    const product = order[last];
    const full = product && tensor.attributes.expression.access[tensor.inputs.indexOf(product)] === 'full';
    if (!product || !full || !isProduct(product.op) || epilogues.has(product)) continue;
    if (!isExpression || consumers.get(product)?.length === 1) epilogues.set(product, tensor);
  }
  const moved = new Set(epilogues.values());
  return order.flatMap((tensor) => {
    const epilogue = epilogues.get(tensor);
    return moved.has(tensor) ? [] : epilogue ? [tensor, epilogue] : [tensor];
  });
}

const isChannelStatistic = (tensor: Tensor): tensor is Tensor<'reduceMoments' | 'reduceSums'> =>
  (isOp(tensor, 'reduceMoments') || isOp(tensor, 'reduceSums')) && tensor.attributes.extent[0] === 1;

/** The same order with what waits for a sum over ranks behind the beginning of the next such sum, so that a device that sums beside its other
 *  work has some to do meanwhile: the weights of one layer are updated while gradients of the next are computed and the sum of its own is
 *  over. @param before what must come before a tensor beside its inputs */
export function useSumsLate(order: readonly Tensor[], before: (tensor: Tensor) => readonly Tensor[]): Tensor[] {
  const result: Tensor[] = [];
  const late = new Set<Tensor>();
  let newest: Tensor | undefined;
  const takeLate = (): void => {
    result.push(...late);
    late.clear();
  };
  for (const tensor of order) {
    const waits = [...tensor.inputs, ...before(tensor)].some((other) => other === newest || late.has(other));
    if (tensor.op !== 'allReduce') {
      if (waits) late.add(tensor);
      else result.push(tensor);
      continue;
    }
    if (waits) takeLate();
    result.push(tensor);
    takeLate();
    newest = tensor;
  }
  takeLate();
  return result;
}

/** Equal for updates that differ in their tensors alone. */
function settingsOf({ op, attributes, inputs }: Tensor): string {
  const numbers = inputs.filter(({ shape }) => shape.length === 0).map(({ id }) => id);
  return JSON.stringify([op, Object.values(attributes).map(String), numbers]);
}
