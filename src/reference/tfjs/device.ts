import type { Tensor as TfjsTensor } from '@tensorflow/tfjs';
import type { Call, Device, Executable, Feeds, HostArray, Outputs, OutputsOf, RunResult } from '../../device/device.ts';
import { DeviceError } from '../../errors.ts';
import { roots } from '../../graph/walk.ts';
import { elements, formatShape, sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Graph, GraphOutputs } from '../../tensor/trace.ts';
import type { Variable } from '../../tensor/variable.ts';
import { type LoadedTfjs, loadTfjs, type Tfjs } from './backend.ts';
import { createInterpreter, type Evaluation, type Interpreter } from './interpreter.ts';
import { mutable } from './kernel.ts';

/** Opens the reference: somebody else's code under the same graphs, so that every number can be checked. Runs on the fastest
 *  tfjs that is installed; the description tells which. @throws DeviceError `tfjs_missing` */
export const openTfjsDevice = async (): Promise<Device> => createTfjsDevice(await loadTfjs());

/** The reference on a tfjs that has been loaded. @param beforeOp called before each op; what it throws ends the run */
export const createTfjsDevice = (tfjs: LoadedTfjs, beforeOp?: () => void): Device => new TfjsDevice(tfjs, beforeOp);

/** A graph as it was traced; there is nothing to compile. */
class TfjsExecutable<O extends GraphOutputs = GraphOutputs> implements Executable<O> {
  readonly workspaceBytes = 0;

  constructor(
    readonly graph: Graph<O>,
    readonly owner: TfjsDevice,
  ) {}

  release(): void {}
}

class TfjsDevice implements Device {
  readonly kind = 'tfjs';
  readonly description: string;
  readonly details = {};
  private readonly tf: Tfjs;
  private readonly interpreter: Interpreter;
  private readonly variables = new Map<string, TfjsTensor>();

  constructor({ tf, package: name, backend }: LoadedTfjs, beforeOp?: () => void) {
    this.tf = tf;
    this.description = `${name} ${tf.version_core} (${backend})`;
    this.interpreter = createInterpreter(tf, beforeOp);
  }

  async load<O extends GraphOutputs>(graph: Graph<O>): Promise<Executable<O>> {
    for (const variable of graph.variables) this.value(variable);
    return new TfjsExecutable(graph, this);
  }

  async run<const C extends readonly Call[]>(calls: C): Promise<RunResult<C>> {
    const started = performance.now();
    const outputs = calls.map((call) => this.runOne(call));
    return { outputs: outputs as readonly Outputs[] as OutputsOf<C>, nativeMs: performance.now() - started };
  }

  async read(variable: Variable): Promise<HostArray> {
    return hostValues(this.value(variable));
  }

  async write(variable: Variable, values: HostArray): Promise<void> {
    expectElements(`variable '${variable.name}'`, variable, values);
    this.value(variable);
    this.store(variable.name, tensorOf(this.tf, variable, values));
  }

  memoryUse(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  close(): void {
    for (const value of this.variables.values()) value.dispose();
    this.variables.clear();
  }

  private runOne({ executable, feeds = {}, fetch = false }: Call): Outputs {
    if (!(executable instanceof TfjsExecutable) || executable.owner !== this) {
      throw new DeviceError(
        'foreign_executable',
        `'${executable.graph.name}' was loaded by another device; load the graph on the device that runs it`,
      );
    }
    const { graph } = executable;
    let result: Outputs = {};
    this.tf.tidy(() => {
      const { outputs, overwritten } = this.evaluate(graph, feeds);
      for (const [name, value] of overwritten) this.store(name, this.tf.keep(this.tf.clone(value)));
      const names = Object.keys(graph.outputs);
      if (fetch) result = Object.fromEntries(names.map((name, i) => [name, hostValues(outputs[i] as TfjsTensor)]));
    });
    return result;
  }

  private evaluate(graph: Graph, feeds: Feeds): Evaluation {
    return this.interpreter.evaluate(roots(graph), (node) => {
      const { name } = node.attributes;
      if (node.op === 'variable') return this.variables.get(name) as TfjsTensor;
      const values = feeds[name];
      if (!values)
        throw new DeviceError(
          'feed_missing',
          `${graph.name}: no value for the feed '${name}' ${formatShape(node.shape)}`,
        );
      expectElements(`${graph.name}: feed '${name}'`, node, values);
      return tensorOf(this.tf, node, values);
    });
  }

  private value(variable: Variable): TfjsTensor {
    const { name, shape, dtype } = variable;
    const known = this.variables.get(name);
    if (known) {
      expectSameType(variable, known);
      return known;
    }
    const zeros = this.tf.zeros(mutable(shape), dtype);
    this.variables.set(name, zeros);
    return zeros;
  }

  private store(name: string, value: TfjsTensor): void {
    this.variables.get(name)?.dispose();
    this.variables.set(name, value);
  }
}

type Typed = Pick<Tensor | Variable, 'shape' | 'dtype'>;

const tensorOf = (tf: Tfjs, { shape, dtype }: Typed, values: HostArray): TfjsTensor =>
  tf.tensor(values.slice(), mutable(shape), dtype);

const hostValues = (tensor: TfjsTensor): HostArray => tensor.dataSync().slice() as HostArray;

function expectElements(what: string, { shape, dtype }: Typed, values: HostArray): void {
  if (values.length === elements(shape)) return;
  throw new DeviceError(
    'wrong_length',
    `${what} expects ${elements(shape)} ${dtype} values ${formatShape(shape)}, but received ${values.length}`,
  );
}

function expectSameType({ name, shape, dtype }: Variable, known: TfjsTensor): void {
  if (sameShape(known.shape, shape) && known.dtype === dtype) return;
  throw new DeviceError(
    'variable_redefined',
    `variable '${name}' is ${known.dtype} ${formatShape(known.shape)} on this device, but a graph declares it ${dtype} ${formatShape(shape)}`,
  );
}
