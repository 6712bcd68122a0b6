import type { Tensor as TfjsTensor } from '@tensorflow/tfjs';
import { test } from 'uvu';
import { expected } from '../../src/device/execution.ts';
import { ancestors } from '../../src/graph/walk.ts';
import { type TracedCase, traceCase, workOf } from '../../src/parity/cases/trace.ts';
import { loadTfjs, type Tfjs } from '../../src/reference/tfjs/backend.ts';
import { createInterpreter, type Interpreter } from '../../src/reference/tfjs/interpreter.ts';
import type { OpName } from '../../src/tensor/operators.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Case, cases } from '../cases.ts';
import { expectClose } from './parity.ts';

/** Where tfjs 4.22 does not differentiate, or wrongly: derivative kernels, scatterND and indexing by argmax have no gradient;
 *  comparisons throw instead of giving zero; nearest upsampling is wrong for more than one sample. */
const NOT_BY_TFJS: ReadonlySet<OpName> = new Set([
  'conv2dFilterGradient',
  'maxPoolGradient',
  'maxPoolGather',
  'averagePoolGradient',
  'upsampleNearest',
  'scatterAdd',
  'step',
  'greater',
  'equal',
  'select',
]);

let tf: Tfjs;
let interpreter: Interpreter;

test.before(async () => {
  ({ tf } = await loadTfjs());
  interpreter = createInterpreter(tf);
});

const isDifferentiatedByTfjs = ({ graph }: TracedCase): boolean =>
  ancestors([graph.outputs.value as Tensor]).every(({ op }) => !NOT_BY_TFJS.has(op));

for (const row of cases.filter(({ differentiable }) => differentiable.length > 0)) {
  const traced = traceCase(row);
  if (!isDifferentiatedByTfjs(traced)) continue;
  test(`${row.name}: tfjs's own gradients agree`, () => {
    const wanted = expected(workOf(traced));
    const names = row.differentiable.map((name) => `gradient of ${name}`);
    const gradients = differentiate(row, traced);
    expectClose(
      Object.fromEntries(names.map((name, i) => [name, gradients[i] as Float32Array])),
      Object.fromEntries(names.map((name) => [name, wanted[name] as Float64Array])),
    );
  });
}

/** The gradients of seed . value by tfjs itself. */
function differentiate(row: Case, { graph, bindings }: TracedCase): Float32Array[] {
  const leaf = ({ attributes: { name }, shape, dtype }: Tensor<'feed' | 'variable'>): TfjsTensor =>
    tf.tensor([...(bindings[name] as Float64Array)], [...shape], dtype);
  const find = (name: string) => graph.feeds.find(({ attributes }) => attributes.name === name) as Tensor<'feed'>;
  const projection = (...xs: TfjsTensor[]) => {
    const { outputs } = interpreter.evaluate([graph.outputs.value as Tensor], (node) => {
      const position = row.differentiable.indexOf(node.attributes.name);
      return position < 0 ? leaf(node) : (xs[position] as TfjsTensor);
    });
    return tf.sum(tf.mul(outputs[0] as TfjsTensor, leaf(find('seed'))));
  };
  const found: Float32Array[] = [];
  tf.tidy(() => {
    for (const dx of tf.grads(projection)(row.differentiable.map((name) => leaf(find(name))))) {
      found.push(dx.dataSync().slice() as Float32Array);
    }
  });
  return found;
}

test.run();
