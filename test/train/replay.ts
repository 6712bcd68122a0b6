import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { Config } from '../../src/config/index.ts';
import type { Device, Executable, HostArray, Outputs } from '../../src/device/index.ts';
import type { NoiseSource } from '../../src/games/index.ts';
import { overwrittenInputs } from '../../src/ops/update.ts';
import { SafetensorsFile } from '../../src/safetensors/safetensors.ts';
import { isOp } from '../../src/tensor/tensor.ts';
import { feed, type Graph } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { createModel, type TrainingModel, variableGroups } from '../../src/train/model.ts';

const TOLERANCE = 1e-4;
/** Of the largest gradient of a variable, what rounding in float32 leaves of a sum that is 0. */
const ROUNDING = 1e-6;
const SLOTS = /^\w+\.optimizer\.(.+)\.(slot[12])$/;

/** Training steps that scripts/fixtures recorded in PyTorch. */
export interface Fixture<Manifest> {
  readonly manifest: Manifest;
  /** Opens NAME.safetensors. */
  readonly open: (name: string) => Promise<SafetensorsFile>;
}

/** The fixture in test/fixtures/`name`. */
export function openFixture<Manifest>(name: string): Fixture<Manifest> {
  const folder = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  return {
    manifest: JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest,
    open: (file) => SafetensorsFile.open(join(folder, `${file}.safetensors`)),
  };
}

/** Random inputs that are fed: `latent/UPDATE`, named after whose update they are for, and others by their purpose. */
const recordedNoise: NoiseSource = {
  latents: ({ config, generator }, update) => feed(`latent/${update}`, [config.batch, ...generator.inputShape]),
  uniform: (_, purpose, shape) => feed(purpose, shape),
};

/** A model on a device that is fed recorded steps and compared with what they led to. */
export class Replay {
  private readonly byName: ReadonlyMap<string, Variable>;
  /** Places of each variable that an update has changed by rounding alone. */
  private readonly rounding = new Map<string, Set<number>>();

  private constructor(
    model: TrainingModel,
    private readonly device: Device,
    private readonly programs: readonly Executable[],
  ) {
    const variables = Object.values(variableGroups(model)).flat();
    this.byName = new Map(variables.map((variable) => [variable.name, variable]));
  }

  /** Loads the programs of a configuration and gives variables the values of `initial`, which must hold every weight. */
  static async open(device: Device, config: Config, initial: SafetensorsFile): Promise<Replay> {
    const model = createModel(config, { noise: recordedNoise });
    const programs = [];
    for (const { trace } of model.match.programs) programs.push(await device.load(withGradients(trace())));
    const replay = new Replay(model, device, programs);
    for (const { name } of [...model.generator.variables, ...model.discriminator.variables]) {
      assert.ok(initial.tensors.has(name), `the fixture has an initial ${name}`);
    }
    for (const name of initial.tensors.keys()) {
      await device.write(replay.variable(name), await initial.read(name));
    }
    for (const player of ['generator', 'discriminator'] as const) {
      const { learningRate } = model.config[player];
      await device.write(model.optimizers[player].learningRate, Float32Array.of(learningRate));
    }
    return replay;
  }

  /** Runs some of the programs, or all, on a recorded step's inputs and returns everything they put out. */
  async step(recorded: SafetensorsFile, chosen: readonly number[] = [...this.programs.keys()]): Promise<Outputs> {
    const calls = [];
    for (const executable of chosen.map((i) => this.programs[i] as Executable)) {
      const feeds: Record<string, HostArray> = {};
      for (const { attributes } of executable.graph.feeds)
        feeds[attributes.name] = await recorded.read(attributes.name);
      calls.push({ executable, feeds, fetch: true });
    }
    const { outputs } = await this.device.run(calls);
    return Object.assign({}, ...outputs);
  }

  /** Every gradient an optimiser consumed, and every variable that the recorded step tells, must be the recorded one. */
  async expectRecorded(recorded: SafetensorsFile, outputs: Outputs): Promise<void> {
    const kind = (prefix: string, names: Iterable<string>) => [...names].filter((n) => n.startsWith(prefix)).sort();
    const gradients = kind('gradient/', recorded.tensors.keys());
    const updated = kind('updated/', recorded.tensors.keys());
    assert.equal(kind('gradient/', Object.keys(outputs)), gradients);
    assert.ok(updated.length >= gradients.length);
    await compare(gradients, (name) => outputs[name] as HostArray, recorded);
    for (const name of gradients) this.noteRounding(name.slice('gradient/'.length), await recorded.read(name));
    const isDecided = (name: string, i: number) => !this.rounding.get(name.slice('updated/'.length))?.has(i);
    await compare(updated, (name) => this.read(name.slice('updated/'.length)), recorded, isDecided);
  }

  /** Adam divides a gradient by its own size: where it is nothing but rounding, so is the update. */
  private noteRounding(variable: string, gradient: HostArray): void {
    const sizes = Array.from(gradient, (value) => Math.abs(value));
    const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
    const places = this.rounding.get(variable) ?? new Set();
    for (const [i, size] of sizes.entries()) if (size > 0 && size < ROUNDING * largest) places.add(i);
    this.rounding.set(variable, places);
    assert.ok(places.size <= sizes.length / 100, `${places.size} gradients of ${variable} are rounding`);
  }

  /** The optimiser's slots that the file holds, `slotI/NAME`; returns how many those are. */
  async expectSlots(recorded: SafetensorsFile): Promise<number> {
    const stored = (variable: string) => variable.replace(SLOTS, '$2/$1');
    const slotOf = new Map([...this.byName.keys()].filter((n) => SLOTS.test(n)).map((n) => [stored(n), n]));
    const names = [...recorded.tensors.keys()];
    await compare(names, (name) => this.read(slotOf.get(name) as string), recorded);
    return names.length;
  }

  private variable(name: string): Variable {
    const variable = this.byName.get(name);
    assert.ok(variable, `the model has a variable ${name}`);
    return variable as Variable;
  }

  private read(name: string): Promise<HostArray> {
    return this.device.read(this.variable(name));
  }
}

/** The outputs of a step that are scalars must be the recorded ones, by name. */
export function expectScalars(step: string, outputs: Outputs, recorded: Readonly<Record<string, number>>): void {
  for (const [name, expected] of Object.entries(recorded)) {
    const value = outputs[name]?.[0] as number;
    const error = Math.abs(value - expected) / Math.abs(expected);
    assert.ok(error < TOLERANCE, `${step} ${name}: ${value}, not ${expected}`);
  }
}

/** The graph with the gradient that each optimiser update consumes as a further output, `gradient/NAME`. */
function withGradients(graph: Graph): Graph {
  const gradients = graph.updates.flatMap((update) => {
    const [weight] = update.inputs;
    if (!isOp(update, 'adam') || !weight || !isOp(weight, 'variable')) return [];
    return [[`gradient/${weight.attributes.name}`, update.inputs[overwrittenInputs(update).length]] as const];
  });
  return { ...graph, outputs: { ...graph.outputs, ...Object.fromEntries(gradients) } as Graph['outputs'] };
}

/** Compares everything named in `names` and fails with the list of what is too far off. */
async function compare(
  names: readonly string[],
  actual: (name: string) => Promise<HostArray> | HostArray,
  expected: SafetensorsFile,
  isDecided = (_name: string, _i: number) => true,
): Promise<void> {
  const wrong: string[] = [];
  for (const name of names) {
    const error = distance(await actual(name), await expected.read(name), (i) => isDecided(name, i));
    if (!(error < TOLERANCE)) wrong.push(`${name}: ${error.toExponential(2)}`);
  }
  assert.equal(wrong, []);
}

/** The largest difference, relative to the largest expected magnitude; absolute where everything expected is tiny. */
function distance(actual: HostArray, expected: HostArray, isCompared: (i: number) => boolean): number {
  assert.is(actual.length, expected.length);
  let scale = 1e-6;
  for (const value of expected) scale = Math.max(scale, Math.abs(value));
  let worst = 0;
  for (const [i, value] of expected.entries()) {
    if (!isCompared(i)) continue;
    const difference = Math.abs((actual[i] as number) - value) / scale;
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}
