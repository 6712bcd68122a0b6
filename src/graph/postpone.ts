import { isOptimizerUpdate, overwrittenInputs } from '../ops/update.ts';
import { elements } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
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
    isOptimizerUpdate(tensor) &&
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

/** Equal for updates that differ in their tensors alone. */
function settingsOf({ op, attributes, inputs }: Tensor): string {
  const numbers = inputs.filter(({ shape }) => shape.length === 0).map(({ id }) => id);
  return JSON.stringify([op, Object.values(attributes).map(String), numbers]);
}
