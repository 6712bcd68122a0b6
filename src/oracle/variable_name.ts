import { GraphError } from '../errors.ts';
import { overwrittenInputs } from '../ops/update.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';

/** The variable whose value a tensor is: the one it reads, or the one that the update it comes from overwrites.
 *  @throws GraphError `not_a_variable` */
export function variableName(tensor: Tensor): string {
  if (isOp(tensor, 'variable')) return tensor.attributes.name;
  const [source] = overwrittenInputs(tensor);
  if (source) return variableName(source);
  throw new GraphError('not_a_variable', `${tensor.op} is not a variable, so nothing can overwrite it`);
}
