import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device, Executable, HostArray, Outputs } from '../../src/device/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { overwrittenInputs } from '../../src/ops/update.ts';
import { isOp } from '../../src/tensor/tensor.ts';
import { feed, type Graph } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { SafetensorsFile } from '../../src/train/checkpoint/safetensors.ts';
import { createModel, type TrainingModel, variableGroups } from '../../src/train/model.ts';
import { discriminatorStep, generatorStep } from '../../src/train/adversarial.ts';
import { devices } from '../devices.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/dcgan', import.meta.url));
const TOLERANCE = 1e-4;
const SLOTS = /^(\w+)\.optimizer\.(.+)\.(slot[12])$/;

/** The fixture's names of a step's scalars and the programs'. */
const SCALARS = {
  discriminatorLoss: 'discriminatorLoss',
  generatorLoss: 'generatorLoss',
  meanProbabilityOfReal: 'dReal',
  meanProbabilityOfFake: 'dFake',
} as const;

interface Manifest {
  readonly settings: { readonly batch: number };
  readonly steps: readonly Record<keyof typeof SCALARS, number>[];
}

const manifest = JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')) as Manifest;
const open = (name: string): Promise<SafetensorsFile> => SafetensorsFile.open(join(FOLDER, `${name}.safetensors`));

const config = resolveConfig({
  recipe: 'dcgan',
  size: 32,
  latent: { size: 16 },
  model: { width: 8 },
  batch: manifest.settings.batch,
});

/** The graph with the gradient that each optimiser update consumes as a further output, `gradient/NAME`. */
function withGradients(graph: Graph): Graph {
  const gradients = graph.updates.flatMap((update) => {
    const [weight] = update.inputs;
    if (!isOp(update, 'adam') || !weight || !isOp(weight, 'variable')) return [];
    return [[`gradient/${weight.attributes.name}`, update.inputs[overwrittenInputs(update).length]] as const];
  });
  return { ...graph, outputs: { ...graph.outputs, ...Object.fromEntries(gradients) } as Graph['outputs'] };
}

/** The largest difference, relative to the largest expected magnitude; absolute where everything expected is tiny. */
function distance(actual: HostArray, expected: HostArray): number {
  assert.is(actual.length, expected.length);
  const scale = expected.reduce((most: number, value: number) => Math.max(most, Math.abs(value)), 1e-6);
  let worst = 0;
  for (const [i, value] of expected.entries()) worst = Math.max(worst, Math.abs((actual[i] as number) - value) / scale);
  return worst;
}

class Replay {
  readonly model: TrainingModel;
  readonly device: Device;
  private readonly programs: readonly Executable[];

  private constructor(model: TrainingModel, device: Device, programs: readonly Executable[]) {
    this.model = model;
    this.device = device;
    this.programs = programs;
  }

  static async open(device: Device): Promise<Replay> {
    const model = createModel(config);
    const recorded = (player: string) => ({
      latents: () => feed(`latent/${player}`, [config.batch, config.latent.size]),
      mixing: () => assert.unreachable() as never,
    });
    const graphs = [discriminatorStep(model, recorded('discriminator')), generatorStep(model, recorded('generator'))];
    const programs = [];
    for (const graph of graphs) programs.push(await device.load(withGradients(graph)));
    const replay = new Replay(model, device, programs);
    await replay.writeInitialValues();
    return replay;
  }

  get variables(): readonly Variable[] {
    return Object.values(variableGroups(this.model)).flat();
  }

  private async writeInitialValues(): Promise<void> {
    const initial = await open('initial');
    for (const variable of [...this.model.generator.variables, ...this.model.discriminator.variables]) {
      await this.device.write(variable, await initial.read(variable.name));
    }
    for (const { learningRate } of Object.values(this.model.optimizers)) {
      await this.device.write(learningRate, Float32Array.of(config.generator.learningRate));
    }
  }

  /** Runs the recorded step and returns everything its two programs put out. */
  async step(recorded: SafetensorsFile): Promise<Outputs> {
    const feeds: Record<string, HostArray> = {};
    for (const name of ['real', 'latent/discriminator', 'latent/generator']) feeds[name] = await recorded.read(name);
    const calls = this.programs.map((executable) => ({ executable, feeds, fetch: true }));
    const { outputs } = await this.device.run(calls);
    return Object.assign({}, ...outputs);
  }
}

/** Compares everything named in `names` and fails with the list of what is too far off. */
async function compare(
  names: readonly string[],
  actual: (name: string) => Promise<HostArray> | HostArray,
  expected: SafetensorsFile,
) {
  const wrong: string[] = [];
  for (const name of names) {
    const error = distance(await actual(name), await expected.read(name));
    if (!(error < TOLERANCE)) wrong.push(`${name}: ${error.toExponential(2)}`);
  }
  assert.equal(wrong, []);
}

for (const [name, openDevice] of Object.entries(devices)) {
  const replays = suite(`three DCGAN steps of PyTorch on ${name}`);

  replays('have its losses, gradients, weights, running statistics and slots', async () => {
    const device = await openDevice();
    const replay = await Replay.open(device);
    const byName = new Map(replay.variables.map((variable) => [variable.name, variable]));
    const read = (variable: string) => device.read(byName.get(variable) as Variable);

    for (const [i, scalars] of manifest.steps.entries()) {
      const recorded = await open(`step${i + 1}`);
      const outputs = await replay.step(recorded);
      for (const [recordedName, scalar] of Object.entries(SCALARS)) {
        const expected = scalars[recordedName as keyof typeof SCALARS];
        const value = outputs[scalar]?.[0] as number;
        assert.ok(
          Math.abs(value - expected) < TOLERANCE * Math.abs(expected),
          `step ${i + 1} ${scalar}: ${value}, not ${expected}`,
        );
      }
      const names = [...recorded.tensors.keys()];
      const gradients = names.filter((n) => n.startsWith('gradient/'));
      assert.is(gradients.length, 26);
      await compare(gradients, (n) => outputs[n] as HostArray, recorded);
      await compare(
        names.filter((n) => n.startsWith('updated/')),
        (n) => read(n.slice('updated/'.length)),
        recorded,
      );
    }

    const slots = [...byName.keys()].filter((n) => SLOTS.test(n));
    assert.is(slots.length, 52);
    const stored = (slot: string) => slot.replace(SLOTS, '$3/$2');
    const slotOf = new Map(slots.map((slot) => [stored(slot), slot]));
    await compare([...slotOf.keys()], (n) => read(slotOf.get(n) as string), await open('slots'));
    device.close();
  });

  replays.run();
}
