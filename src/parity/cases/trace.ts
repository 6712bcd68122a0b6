import type { Work } from '../../device/execution.ts';
import { gradients } from '../../graph/gradients.ts';
import { add, fill, mul, reduceSum } from '../../ops/index.ts';
import type { Bindings } from '../../oracle/evaluate.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { feed, type Graph, overwrite, read, trace } from '../../tensor/trace.ts';
import type { Variable } from '../../tensor/variable.ts';
import { type Case, type InputSpec, inputValues } from './case.ts';

/** A case made ready to run: a graph with the outputs `value`, `gradient of X` and `second gradient of X`, and values for
 *  its feeds and variables.
 *
 *  The gradients are those of `seed . value`. The second gradients are those of the sum over X of
 *  `direction of X . gradient of X`; that with respect to `seed` is the forward derivative along the direction. */
export interface TracedCase {
  readonly graph: Graph;
  readonly bindings: Bindings;
}

/** A variable of this case alone: cases share devices, and devices tell variables apart by name. */
const variableOf = (row: Case, name: string, { shape, dtype = 'float32' }: InputSpec): Variable => ({
  name: `${row.name}: ${name}`,
  shape,
  dtype,
  trainable: false,
  initializer: (s) => fill(0, s),
});

export function traceCase(row: Case): TracedCase {
  const graph = trace(row.name, () => {
    const inputs: Record<string, Tensor> = {};
    for (const [name, spec] of Object.entries(row.inputs)) {
      inputs[name] = spec.state ? read(variableOf(row, name, spec)) : feed(name, spec.shape, spec.dtype);
    }
    const value = row.build(inputs);
    const state = Object.entries(row.inputs).find(([, spec]) => spec.state);
    if (state) overwrite(variableOf(row, ...state), value);
    return { value, ...derivatives(row, inputs, value) };
  });
  return { graph, bindings: bind(row, graph) };
}

function derivatives(row: Case, inputs: Readonly<Record<string, Tensor>>, value: Tensor): Record<string, Tensor> {
  if (row.differentiable.length === 0) return {};
  const xs = row.differentiable.map((name) => inputs[name] as Tensor);
  const seed = feed('seed', value.shape);
  const first = gradients(value, xs, seed);
  const projections = first.map((dx, i) => reduceSum(mul(dx, feed(`direction of ${row.differentiable[i]}`, dx.shape))));
  const second = gradients(projections.reduce(add), [...xs, seed]);
  return {
    ...named('gradient of', row.differentiable, first),
    ...named('second gradient of', [...row.differentiable, 'seed'], second),
  };
}

/** The case as something to run. */
export const workOf = ({ graph, bindings }: TracedCase): Work => ({ graphs: [graph], bindings });

const named = (prefix: string, names: readonly string[], tensors: readonly Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(names.map((name, i) => [`${prefix} ${name}`, tensors[i] as Tensor]));

function bind(row: Case, { feeds, variables }: Graph): Bindings {
  const leaves = [...feeds.map(({ attributes, shape }) => ({ name: attributes.name, shape })), ...variables];
  return Object.fromEntries(
    leaves.map(({ name, shape }, position) => {
      const spec = row.inputs[name.replace(`${row.name}: `, '')] ?? { shape };
      return [name, inputValues(spec, position)];
    }),
  );
}
