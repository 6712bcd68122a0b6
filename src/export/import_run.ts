import type { Config, ConfigChanges } from '../config/index.ts';
import { absoluteData } from '../data/place.ts';
import { openDevice } from '../device/index.ts';
import type { JsonValue } from '../durable.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { parseJson } from '../files.ts';
import { loadRecipe, recipeOf } from '../models/index.ts';
import { SafetensorsFile } from '../safetensors/safetensors.ts';
import { storageError } from '../storage.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import type { Variable } from '../tensor/variable.ts';
import { createModel, type RecipeChoice, type TrainingModel, TrainingSession } from '../train/index.ts';
import { save } from '../train/persistence.ts';
import { NO_PROGRESS } from '../train/progress.ts';
import { describeEnvironment } from '../train/run/environment.ts';
import { createRunFolder } from '../train/run/folder.ts';
import { nameOf } from '../train/run/sittings.ts';
import { completeConfig } from '../train/stored_config.ts';
import { permuted } from './portable/graph.ts';
import { TORCH_FORMAT } from './pytorch/format.ts';
import { heldName } from './pytorch/lower.ts';

/** A run that was made of a file. */
export interface Imported {
  /** The run's folder. */
  readonly folder: string;
  readonly recipe: string;
  /** Of the checkpoint. */
  readonly step: number;
}

/** Where a run is made, and of which recipe. */
export interface ImportOptions extends RecipeChoice {
  /** The run's folder; without it one is made under runs/. */
  readonly out?: string | undefined;
}

/** Makes a run of a generator that `exportRun` wrote to pytorch, or that `save` of its model.py wrote after further training. The run draws
 *  images and can be explored and exported; its discriminator and optimisers are as new.
 *  @throws ConfigError import_file, CheckpointError import_mismatch, run_exists, safetensors_header and the like */
export async function importGenerator(path: string, { out, recipe: chosen }: ImportOptions = {}): Promise<Imported> {
  const file = await SafetensorsFile.open(path).catch((error: unknown) => {
    throw storageError(error, 'read', path, 'name another file');
  });
  const { config, step } = await readMetadata(file, chosen);
  const device = openDevice('cpu');
  try {
    const model = createModel(config);
    const session = TrainingSession.forSampling(model, device);
    const values = await readVariables(file, model);
    await session.initialize();
    for (const [variable, data] of values) await session.write(variable, data);
    const environment = await describeEnvironment({
      device: nameOf(device),
      seed: config.seed,
      data: absoluteData(config.data),
      sittings: [],
    });
    const { folder } = await createRunFolder({
      recipe: model.recipe,
      config: config as unknown as { [key: string]: JsonValue },
      environment,
      ...(out !== undefined && { out }),
    });
    await save(session, folder, { ...NO_PROGRESS, step, config: { ...config } });
    return { folder, recipe: config.recipe, step };
  } finally {
    device.close();
  }
}

async function readMetadata(
  { path, metadata }: SafetensorsFile,
  chosen: RecipeChoice['recipe'],
): Promise<{ readonly config: Config; readonly step: number }> {
  const { format, network, config: text = '', step } = metadata;
  const refuse = (problem: string, cause?: unknown): ConfigError =>
    new ConfigError(
      'import_file',
      `${path}: expected a generator that \`gannet export --to pytorch\` or the \`save\` of its model.py wrote, but ${problem}`,
      { cause },
    );
  if (format !== TORCH_FORMAT) throw refuse('its metadata does not say so');
  if (network !== 'generator') throw refuse(`it holds the ${network}`);
  if (!/^\d+$/.test(step ?? '')) throw refuse(`its step is ${step}`);
  try {
    const written = parseJson(text) as ConfigChanges | null;
    if (typeof written !== 'object' || written === null) throw refuse(`its configuration is ${text}`);
    const given = typeof chosen === 'string' ? await loadRecipe(chosen) : chosen;
    if (given && given.name !== written.recipe) throw refuse(`its recipe is '${written.recipe}', not '${given.name}'`);
    return { config: completeConfig(written, given ?? recipeOf(written), path), step: Number(step) };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw refuse(`its configuration is no JSON: ${cause.message}`, cause);
  }
}

/** Where the values of a model's variables are in a file: all that drawing images needs. */
function sourcesOf({ generator, match, average, config }: TrainingModel): ReadonlyMap<Variable, string> {
  const averages = average?.pairs.map(({ average: variable }) => variable) ?? [];
  const weights = [...generator.variables, ...averages].map((variable) => [variable, heldName(variable.name)] as const);
  const ofState: Readonly<Record<string, string>> = {
    carry: 'carry',
    ...(config.latent.distribution === 'descriptors' && {
      'descriptors.mean': 'latent.mean',
      'descriptors.covariance': 'latent.covariance',
    }),
  };
  const state = match.state.flatMap((variable) => {
    const name = ofState[variable.name];
    return name === undefined ? [] : [[variable, name] as const];
  });
  return new Map([...weights, ...state]);
}

async function readVariables(file: SafetensorsFile, model: TrainingModel): Promise<Map<Variable, Float32Array>> {
  const sources = sourcesOf(model);
  const known = new Set(sources.values());
  const other = [...file.tensors.keys()].find((name) => !known.has(name));
  if (other !== undefined) throw mismatch(file, model, `it holds '${other}', which such a generator does not have`);
  const values = new Map<Variable, Float32Array>();
  for (const [variable, name] of sources) {
    const expected = heldShape(variable.shape);
    const found = file.tensors.get(name);
    if (!found || !sameShape(found.shape, expected) || found.dtype !== 'float32')
      throw mismatch(
        file,
        model,
        `'${name}' should be float32 ${formatShape(expected)}, but it holds ${found ? `${found.dtype} ${formatShape(found.shape)}` : 'nothing of that name'}`,
      );
    values.set(variable, fromHeld((await file.read(name)) as Float32Array, expected));
  }
  if (model.average) values.set(model.average.updates, Float32Array.of(1));
  return values;
}

const mismatch = ({ path }: SafetensorsFile, { config: { recipe } }: TrainingModel, problem: string): CheckpointError =>
  new CheckpointError('import_mismatch', `${path} does not fit the generator of its recipe '${recipe}': ${problem}`);

/** The shape that a module of PyTorch has for a variable. */
function heldShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 2) return shape.toReversed();
  return shape.length === 4 ? [0, 3, 1, 2].map((axis) => shape[axis] as number) : shape;
}

/** Numbers in the order of PyTorch in gannet's. */
function fromHeld(data: Float32Array, shape: readonly number[]): Float32Array {
  if (shape.length === 2) return permuted(data, shape, [1, 0]);
  return shape.length === 4 ? permuted(data, shape, [0, 2, 3, 1]) : data;
}
