import type { Results } from '../oracle/compare.ts';
import { type Bindings, evaluateAll } from '../oracle/evaluate.ts';
import type { DType } from '../tensor/shape.ts';
import type { Graph } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import type { Device, Executable, HostArray } from './device.ts';

/** Graphs to run one after another on the same variables, and values for their feeds and variables before the first. One that is named
 *  several times is loaded once; what it puts out last counts. */
export interface Work {
  readonly graphs: readonly Graph[];
  readonly bindings: Bindings;
}

/** What a device computes of some work: the outputs of every graph, and what every variable holds afterwards.
 *  @throws DeviceError */
export async function runOn(device: Device, { graphs, bindings }: Work): Promise<Results> {
  const executables = new Map<Graph, Executable>();
  try {
    for (const graph of new Set(graphs)) executables.set(graph, await device.load(graph));
    for (const variable of variablesOf(graphs)) await device.write(variable, bound(bindings, variable));
    const { outputs } = await device.run(
      graphs.map((graph) => ({
        executable: executables.get(graph) as Executable,
        feeds: feedsOf(graph, bindings),
        fetch: true,
      })),
    );
    const held: Record<string, HostArray> = {};
    for (const variable of variablesOf(graphs)) held[variable.name] = await device.read(variable);
    return Object.assign({}, ...outputs, held);
  } finally {
    for (const executable of executables.values()) executable.release();
  }
}

/** What the oracle computes of some work; a variable that nothing overwrites keeps its value.
 *  @param beforeOp called before each op; what it throws ends the evaluation */
export function expected({ graphs, bindings }: Work, beforeOp?: () => void): Results {
  let held = Object.fromEntries(variablesOf(graphs).map(({ name }) => [name, bindings[name] as Float64Array]));
  const results: Record<string, Float64Array> = {};
  for (const graph of graphs) {
    const names = Object.keys(graph.outputs);
    const roots = [...Object.values(graph.outputs), ...graph.updates];
    const { outputs, variables } = evaluateAll(roots, { ...bindings, ...held }, beforeOp);
    names.forEach((name, i) => {
      results[name] = outputs[i] as Float64Array;
    });
    held = { ...held, ...variables };
  }
  return { ...results, ...held };
}

/** The variables of some graphs, each once. */
const variablesOf = (graphs: readonly Graph[]): Variable[] => [
  ...new Map(graphs.flatMap(({ variables }) => variables.map((variable) => [variable.name, variable]))).values(),
];

const feedsOf = ({ feeds }: Graph, bindings: Bindings): Record<string, HostArray> =>
  Object.fromEntries(feeds.map(({ dtype, attributes: { name } }) => [name, bound(bindings, { name, dtype })]));

function bound(bindings: Bindings, { name, dtype }: { readonly name: string; readonly dtype: DType }): HostArray {
  const values = bindings[name] as Float64Array;
  return dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
}
