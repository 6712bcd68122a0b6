import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device, HostArray } from '../../src/device/device.ts';
import type { DType } from '../../src/tensor/shape.ts';
import type { Graph } from '../../src/tensor/trace.ts';
import { type TracedCase, traceCase } from '../cases/trace.ts';
import { type Case, cases } from '../cases.ts';
import { type Bindings, evaluateAll } from '../oracle/evaluate.ts';

/** What float32 may cost: the largest error over the largest number. */
export const TOLERANCE = 1e-4;
/** Errors below this are not worth a ratio: results that should be zero. */
const NEGLIGIBLE = 1e-2;

/** Numbers by name: outputs, and the variables that the run overwrote. */
type Results = Readonly<Record<string, ArrayLike<number>>>;

/** Registers one test per case: its value, its gradients, its gradients' gradients and the variables it overwrites are the
 *  oracle's on this device. */
export function testParity(
  open: () => Promise<Device>,
  table: readonly Case[] = cases,
  toleranceOf: (row: Case) => number = () => TOLERANCE,
): void {
  let device: Device;
  test.before(async () => {
    device = await open();
  });
  test.after(() => device.close());
  for (const row of table) {
    test(row.name, async () => {
      const traced = traceCase(row);
      expectClose(await runOn(device, traced), expected(traced), toleranceOf(row));
    });
  }
}

/** What the oracle computes of a traced case. */
export function expected({ graph, bindings }: TracedCase): Results {
  const names = Object.keys(graph.outputs);
  const { outputs, variables } = evaluateAll([...Object.values(graph.outputs), ...graph.updates], bindings);
  return { ...Object.fromEntries(names.map((name, i) => [name, outputs[i] as Float64Array])), ...variables };
}

/** Fails, naming the result, where two sets of results differ by more than float32 explains. */
export function expectClose(actual: Results, wanted: Results, tolerance = TOLERANCE): void {
  assert.equal(Object.keys(actual).sort(), Object.keys(wanted).sort());
  for (const [name, values] of Object.entries(wanted)) {
    const given = actual[name] as ArrayLike<number>;
    assert.is(given.length, values.length, `${name}: number of elements`);
    const error = relativeError(given, values);
    assert.ok(
      error < tolerance,
      `${name} is off by ${error.toExponential(2)}\n  is      ${head(given)}\n  expected ${head(values)}`,
    );
  }
}

/** max |a - b| / max |b|; infinite where either is not a number. */
export function relativeError(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let difference = 0;
  let scale = NEGLIGIBLE;
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [actual[i] as number, wanted[i] as number];
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, Math.abs(a - b));
    scale = Math.max(scale, Math.abs(b));
  }
  return difference / scale;
}

const head = (values: ArrayLike<number>): string =>
  Array.from({ length: Math.min(8, values.length) }, (_, i) => (values[i] as number).toPrecision(6)).join(' ');

const toHost = (dtype: DType, values: Float64Array): HostArray =>
  dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);

async function runOn(device: Device, { graph, bindings }: TracedCase): Promise<Results> {
  const executable = await device.load(graph);
  for (const variable of graph.variables)
    await device.write(variable, toHost(variable.dtype, bindings[variable.name] as Float64Array));
  const { outputs } = await device.run([{ executable, feeds: hostFeeds(graph, bindings), fetch: true }]);
  const variables: Record<string, HostArray> = {};
  for (const variable of graph.variables) variables[variable.name] = await device.read(variable);
  executable.release();
  return { ...outputs[0], ...variables };
}

const hostFeeds = ({ feeds }: Graph, bindings: Bindings): Record<string, HostArray> =>
  Object.fromEntries(
    feeds.map(({ dtype, attributes: { name } }) => [name, toHost(dtype, bindings[name] as Float64Array)]),
  );
