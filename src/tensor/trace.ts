import { GraphError } from '../errors.ts';
import { type DType, formatShape, type Shape, sameShape } from './shape.ts';
import { createTensor, type Tensor } from './tensor.ts';
import type { Variable } from './variable.ts';

/** What a trace returns, by name. */
export type GraphOutputs = Readonly<Record<string, Tensor>>;

/** A traced function: what goes in, what comes out, and which variables it reads and overwrites. */
export interface Graph<O extends GraphOutputs = GraphOutputs> {
  readonly name: string;
  readonly feeds: readonly Tensor<'feed'>[];
  readonly variables: readonly Variable[];
  readonly outputs: O;
  /** Update ops, in the order they were traced. */
  readonly updates: readonly Tensor[];
  /** What is computed before the rest, in this order. */
  readonly first: readonly Tensor[];
}

interface Trace {
  readonly feeds: Map<string, Tensor<'feed'>>;
  readonly variables: Map<string, Variable>;
  /** The newest value of each variable, by name. */
  readonly values: Map<string, Tensor>;
  readonly updates: Tensor[];
  readonly first: Tensor[];
  nextStream: number;
}

let current: Trace | undefined;

function activeTrace(caller: string): Trace {
  if (!current) throw new GraphError('no_trace', `${caller} was called outside trace(name, body)`);
  return current;
}

/** Runs `body` once with symbolic tensors and returns the graph of what it computed. Traces do not nest.
 *  @throws GraphError nested_trace, and what `body` throws: ShapeError with the name of the op and the layer */
export function trace<O extends GraphOutputs>(name: string, body: () => O): Graph<O> {
  if (current) throw new GraphError('nested_trace', `trace '${name}' was started while another trace was running`);
  const state: Trace = {
    feeds: new Map(),
    variables: new Map(),
    values: new Map(),
    updates: [],
    first: [],
    nextStream: 0,
  };
  current = state;
  try {
    const outputs = body();
    return {
      name,
      feeds: [...state.feeds.values()],
      variables: [...state.variables.values()],
      outputs,
      updates: state.updates,
      first: state.first,
    };
  } finally {
    current = undefined;
  }
}

/** An input that each run supplies. Asking again for the same name gives the same tensor.
 *  @throws GraphError no_trace, feed_redefined if it was asked for with another shape or type */
export function feed(name: string, shape: Shape, dtype: DType = 'float32'): Tensor<'feed'> {
  const { feeds } = activeTrace('feed');
  const known = feeds.get(name);
  if (known) {
    if (formatShape(known.shape) !== formatShape(shape) || known.dtype !== dtype) {
      throw new GraphError(
        'feed_redefined',
        `feed '${name}' was traced as ${formatShape(known.shape)} and again as ${formatShape(shape)}`,
      );
    }
    return known;
  }
  const tensor = createTensor({ op: 'feed', inputs: [], attributes: { name }, shape, dtype, scope: '' });
  feeds.set(name, tensor);
  return tensor;
}

/** The newest value of a variable: what it held before the run, or what an update earlier in this trace gave it.
 *  @throws GraphError no_trace, variable_redefined if another variable of this trace has its name */
export function read(variable: Variable): Tensor {
  const { variables, values } = activeTrace('read');
  const { name, shape, dtype } = variable;
  const known = variables.get(name);
  if (known && known !== variable) {
    throw new GraphError(
      'variable_redefined',
      `two variables are named '${name}'; names must be unique within a graph`,
    );
  }
  let value = values.get(name);
  if (!value) {
    variables.set(name, variable);
    value = createTensor({ op: 'variable', inputs: [], attributes: { name }, shape, dtype, scope: '' });
    values.set(name, value);
  }
  return value;
}

/** Records that the update op `next` overwrote `variable`; later reads in this trace see `next`. */
export function overwrite(variable: Variable, next: Tensor): void {
  const { updates, values } = activeTrace('overwrite');
  values.set(variable.name, next);
  updates.push(next);
}

/** Makes later reads of `variable` in this trace give another value of its shape; nothing is overwritten. */
export function substitute(variable: Variable, value: Tensor): void {
  const { values } = activeTrace('substitute');
  if (!sameShape(value.shape, variable.shape)) {
    throw new GraphError(
      'substitute_shape',
      `'${variable.name}' ${formatShape(variable.shape)} cannot stand for a value of ${formatShape(value.shape)}`,
    );
  }
  values.set(variable.name, value);
}

/** Has tensors computed before whatever they do not depend on. A graph is run from its updates backwards, which interleaves two large
 *  parts whose results meet in each update; with the results of one first, the other can take its memory. */
export function computeFirst(tensors: readonly Tensor[]): void {
  activeTrace('computeFirst').first.push(...tensors);
}

/** A number no other random op of this trace has: the stream of the counter-based generator. */
export const nextRandomStream = (): number => activeTrace('random').nextStream++;
