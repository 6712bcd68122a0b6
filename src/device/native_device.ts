import { DeviceError } from '../errors.ts';
import type { Bfloat16Storage } from '../graph/bfloat16.ts';
import { compile } from '../graph/compile.ts';
import type { Binding, Program } from '../graph/program.ts';
import type { OpName } from '../tensor/operators.ts';
import { BYTES_PER_ELEMENT, elements, formatShape } from '../tensor/shape.ts';
import type { Graph, GraphOutputs } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import { loadAddon } from './addon.ts';
import { bfloat16Storage } from './bfloat16_operands.ts';
import {
  type Call,
  type Device,
  type DeviceKind,
  type Executable,
  type Feeds,
  type HostArray,
  hostArray,
  type MemoryUse,
  type Outputs,
  type OutputsOf,
  type RunResult,
} from './device.ts';
import type { NativeCall, NativeCommunicator, NativeDevice, NativeDeviceInfo } from './native.ts';
import { callAddon } from './native_error.ts';

/** A device of the native addon. */
export class AddonDevice implements Device {
  readonly kind: DeviceKind;
  readonly description: string;
  readonly details: Readonly<Record<string, string>>;
  private readonly native: NativeDevice;
  private readonly claims: ReadonlySet<OpName>;
  /** Undefined unless it keeps values as bfloat16. */
  private readonly storage: Bfloat16Storage | undefined;
  private readonly ready: () => Promise<void>;
  private readonly variables = new Map<string, { readonly id: number; readonly variable: Binding }>();

  constructor(
    { kind, description, details }: Pick<NativeDeviceInfo, 'kind' | 'description' | 'details'>,
    options: {
      /** 0 = as many as it has. */
      readonly threads: number;
      readonly precision: string;
      /** How many elements a value has at least that precision `bfloat16` keeps so. */
      readonly bfloat16From: number;
      /** Which of the machine's GPUs; default 0. */
      readonly gpu?: number;
      /** Of a GPU whose numbers are summed with those of other ranks. */
      readonly communicator?: NativeCommunicator | undefined;
      /** Waited for before the first graph is loaded. */
      readonly ready?: () => Promise<void>;
    },
  ) {
    const addon = loadAddon();
    this.kind = kind;
    this.description = description;
    const { threads, precision } = options;
    this.details = {
      ...details,
      ...('threads' in details && threads > 0 && { threads: String(threads) }),
      // Without a choice named, the one that the GPU makes for itself.
      ...(precision !== 'auto' && { precision }),
    };
    const { gpu = 0, communicator } = options;
    this.native = callAddon(() =>
      addon.openDevice(kind, { threads, precision, gpu, ...(communicator && { communicator }) }),
    );
    this.claims = new Set(addon.supportedOps(kind) as OpName[]);
    this.ready = options.ready ?? (() => Promise.resolve());
    this.storage = precision === 'bfloat16' ? bfloat16Storage(kind, options.bfloat16From) : undefined;
  }

  async load<O extends GraphOutputs>(graph: Graph<O>): Promise<AddonExecutable<O>> {
    await this.ready();
    const program = compile(graph, this.claims, this.storage);
    const ids = graph.variables.map((variable) => this.idOf(variable));
    const { program: id, workspaceBytes } = await callAddon(() => this.native.load(program, ids));
    return new AddonExecutable(graph, program, id, workspaceBytes, this.native);
  }

  async run<const C extends readonly Call[]>(calls: C, { profile = false, timed = false } = {}): Promise<RunResult<C>> {
    const executables = calls.map(({ executable }) => this.own(executable));
    const native = calls.map(({ feeds = {}, fetch = false }, i) =>
      nativeCall(executables[i] as AddonExecutable, feeds, fetch),
    );
    const { outputs, ...times } = await callAddon(() => this.native.run(native, { profile, timed }));
    const records = outputs.map((buffers, i) => named(executables[i] as AddonExecutable, buffers));
    return { ...times, outputs: records as readonly Outputs[] as OutputsOf<C> };
  }

  async read(variable: Variable): Promise<HostArray> {
    const id = this.idOf(variable);
    return hostArray(variable.dtype, await callAddon(() => this.native.readVariable(id)));
  }

  async write(variable: Variable, values: HostArray): Promise<void> {
    expectLength(`variable '${variable.name}'`, variable, values);
    const id = this.idOf(variable);
    await callAddon(() => this.native.writeVariable(id, values));
  }

  memoryUse(): Promise<MemoryUse | undefined> {
    return callAddon(() => this.native.memoryUse());
  }

  close(): void {
    this.native.close();
  }

  private own(executable: Executable): AddonExecutable {
    if (executable instanceof AddonExecutable && executable.native === this.native) return executable;
    throw new DeviceError(
      'foreign_executable',
      `'${executable.graph.name}' was loaded by another device; load the graph on the device that runs it`,
    );
  }

  private idOf(variable: Variable): number {
    const known = this.variables.get(variable.name);
    if (known) {
      expectSameType(known.variable, variable);
      return known.id;
    }
    const bytes = elements(variable.shape) * BYTES_PER_ELEMENT;
    const id = callAddon(() => this.native.createVariable(bytes));
    this.variables.set(variable.name, { id, variable });
    return id;
  }
}

class AddonExecutable<O extends GraphOutputs = GraphOutputs> implements Executable<O> {
  constructor(
    readonly graph: Graph<O>,
    readonly program: Program,
    readonly id: number,
    readonly workspaceBytes: number,
    readonly native: NativeDevice,
  ) {}

  release(): void {
    this.native.unload(this.id);
  }
}

function nativeCall({ program, id }: AddonExecutable, feeds: Feeds, fetch: boolean): NativeCall {
  return {
    program: id,
    fetch,
    feeds: program.feeds.map((binding) => {
      const values = feeds[binding.name];
      if (!values)
        throw new DeviceError(
          'feed_missing',
          `${program.name}: no value for the feed '${binding.name}' ${formatShape(binding.shape)}`,
        );
      expectLength(`${program.name}: feed '${binding.name}'`, binding, values);
      return values;
    }),
  };
}

function named({ graph }: AddonExecutable, buffers: readonly ArrayBuffer[]): Outputs {
  const outputs = Object.entries(graph.outputs);
  return Object.fromEntries(
    buffers.map((bytes, i) => {
      const [name, { dtype }] = outputs[i] as (typeof outputs)[number];
      return [name, hostArray(dtype, bytes)];
    }),
  );
}

function expectLength(what: string, { shape, dtype }: Pick<Binding, 'shape' | 'dtype'>, values: HostArray): void {
  const given = values instanceof Float32Array ? 'float32' : 'int32';
  if (values.length === elements(shape) && given === dtype) return;
  throw new DeviceError(
    'wrong_length',
    `${what} expects ${elements(shape)} ${dtype} values ${formatShape(shape)}, but received ${values.length} of ${given}`,
  );
}

function expectSameType(known: Binding, variable: Variable): void {
  if (formatShape(known.shape) === formatShape(variable.shape) && known.dtype === variable.dtype) return;
  throw new DeviceError(
    'variable_redefined',
    `variable '${variable.name}' is ${known.dtype} ${formatShape(known.shape)} on this device, but a graph declares it ${variable.dtype} ${formatShape(variable.shape)}`,
  );
}
