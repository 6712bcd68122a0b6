import type { Device, HostArray } from '../device/index.ts';
import { type Bindings, evaluateAll } from '../reference/oracle/evaluate.ts';
import type { DType } from '../tensor/shape.ts';
import type { Graph } from '../tensor/trace.ts';
import type { TracedCase } from './cases/trace.ts';
import type { Results } from './compare.ts';

/** What a device computes of a traced case: its outputs, and what every variable holds afterwards. @throws DeviceError */
export async function runOn(device: Device, { graph, bindings }: TracedCase): Promise<Results> {
  const executable = await device.load(graph);
  try {
    for (const variable of graph.variables)
      await device.write(variable, toHost(variable.dtype, bindings[variable.name] as Float64Array));
    const { outputs } = await device.run([{ executable, feeds: hostFeeds(graph, bindings), fetch: true }]);
    const variables: Record<string, HostArray> = {};
    for (const variable of graph.variables) variables[variable.name] = await device.read(variable);
    return { ...outputs[0], ...variables };
  } finally {
    executable.release();
  }
}

/** What the oracle computes of a traced case. */
export function expected({ graph, bindings }: TracedCase): Results {
  const names = Object.keys(graph.outputs);
  const { outputs, variables } = evaluateAll([...Object.values(graph.outputs), ...graph.updates], bindings);
  return { ...Object.fromEntries(names.map((name, i) => [name, outputs[i] as Float64Array])), ...variables };
}

const hostFeeds = ({ feeds }: Graph, bindings: Bindings): Record<string, HostArray> =>
  Object.fromEntries(
    feeds.map(({ dtype, attributes: { name } }) => [name, toHost(dtype, bindings[name] as Float64Array)]),
  );

const toHost = (dtype: DType, values: Float64Array): HostArray =>
  dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
