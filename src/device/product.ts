import { loadAddon } from './addon.ts';
import { callAddon } from './native_error.ts';

/** c [rows,columns] += a [rows,depth] b^T in float64, in place, with b [columns,depth] and all of them dense. It holds the JavaScript
 *  thread until it is done, so large products are given in parts.
 *  @throws DeviceError argument_invalid where the lengths do not fit, out_of_memory */
export function addProduct(c: Float64Array, a: Float64Array, b: Float64Array, depth: number): void {
  callAddon(() => loadAddon().addProduct(c, a, b, depth));
}
