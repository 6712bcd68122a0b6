import { GraphError } from '../errors.ts';
import { overwrittenInputs } from '../ops/update.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { unreshaped } from './expression.ts';
import { joinEpiloguesToProducts, postponeSmallUpdates, useSumsLate } from './reorder.ts';
import { ancestors, consumersOf, roots } from './walk.ts';

/** Every node in an order in which it can run: after its inputs, and an update after everything else that reads what it
 *  overwrites. Expressions and statistics follow the products that they finish or are taken of, updates of small tensors come last,
 *  together, and what waits for a sum over ranks comes after the next one has begun. @throws GraphError if a value would be read after it was overwritten */
export function schedule(graph: Graph): Tensor[] {
  const consumers = consumersOf(ancestors(roots(graph)));
  const readersOf = (state: Tensor): Tensor[] =>
    (consumers.get(state) ?? []).flatMap((reader) =>
      reader.op === 'reshape' || isIdentity(reader) ? readersOf(reader) : [reader],
    );
  const before = (update: Tensor): Tensor[] =>
    overwrittenInputs(update)
      .flatMap(readersOf)
      .filter((reader) => reader !== update);
  const connected = ancestors([...graph.first, ...roots(graph)], before);
  const order = useSumsLate(postponeSmallUpdates(joinEpiloguesToProducts(connected)), before);
  expectOutputsSurvive(graph, order);
  const position = new Map(order.map((tensor, i) => [tensor, i]));
  for (const tensor of order) {
    const late = [...before(tensor), ...tensor.inputs].find(
      (t) => (position.get(t) as number) > (position.get(tensor) as number),
    );
    if (late) {
      throw new GraphError(
        'read_after_overwrite',
        `${graph.name}: ${tensor.op} in '${tensor.scope}' overwrites a variable whose old value ${late.op} in '${late.scope}' reads later; read() the variable again after the update`,
      );
    }
  }
  return order;
}

/** The same numbers as its operand's. Of a variable that is no copy: the device reads the variable itself, or what it keeps beside it. */
export const isIdentity = (tensor: Tensor): boolean =>
  isOp(tensor, 'elementwise') && tensor.attributes.expression.instructions.length === 0;

function expectOutputsSurvive(graph: Graph, order: readonly Tensor[]): void {
  const overwritten = new Set(order.flatMap(overwrittenInputs));
  for (const [name, tensor] of Object.entries(graph.outputs)) {
    if (overwritten.has(unreshaped(tensor))) {
      throw new GraphError(
        'output_overwritten',
        `${graph.name}: output '${name}' is a variable's value from before its update; read() it after`,
      );
    }
  }
}
