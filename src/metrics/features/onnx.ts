import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { PackedImages } from '../../data/index.ts';
import { ConfigError, DataError } from '../../errors.ts';
import { digestFile } from '../../safetensors/safetensors.ts';
import type { Extracted, FeatureExtractor } from './extractor.ts';
import { networkInput } from './network_input.ts';
import { type OnnxDescription, onnxDescriptionPath, readOnnxDescription } from './onnx_description.ts';
import { loadOnnxRuntime, type OnnxRuntime, type OnnxSession, type OnnxTensor } from './onnx_runtime.ts';

/** How an ONNX network is applied. */
interface Network {
  readonly runtime: OnnxRuntime;
  readonly session: OnnxSession;
  readonly description: OnnxDescription;
  readonly path: string;
  readonly input: string;
  /** Images that it takes at once; undefined for any number. */
  readonly batch: number | undefined;
}

/** Features of any ONNX network, by the package onnxruntime-node on the processor. A JSON file beside it (`inception.json` beside
 *  `inception.onnx`) tells its input and which output holds the features.
 *  @throws ConfigError onnxruntime_missing, network_description, network_unreadable, network_shape */
export async function onnxFeatures(
  path: string,
  { threads = 0 }: { readonly threads?: number | undefined } = {},
): Promise<FeatureExtractor> {
  const description = await readOnnxDescription(path);
  const network = await openNetwork(path, description, threads);
  try {
    const { size, channels } = description;
    const black = { count: 1, size, channels, pixels: new Uint8Array(size[0] * size[1] * channels) };
    const probe = await apply(network, black);
    const classes = classesOf(description, probe);
    return {
      name: description.name ?? basename(path, '.onnx'),
      hash: await hashOf(path, description),
      columns: probe.features.length,
      ...(classes && { classes }),
      extract: (images) => apply(network, images),
      close: () => void network.session.release(),
    };
  } catch (error) {
    await network.session.release();
    throw error;
  }
}

async function openNetwork(path: string, description: OnnxDescription, threads: number): Promise<Network> {
  const runtime = loadOnnxRuntime('an ONNX network');
  const options = { executionProviders: ['cpu'], ...(threads > 0 && { intraOpNumThreads: threads }) };
  const session = await runtime.InferenceSession.create(path, options).catch((cause: Error) => {
    throw new ConfigError(
      'network_unreadable',
      `${path}: onnxruntime cannot open this network: ${cause.message}. Check that the file is whole, and of an opset that the installed version knows`,
      { cause },
    );
  });
  const { input = session.inputNames[0] as string, features, probabilities } = description;
  expectKnown(path, 'input', input, session.inputNames);
  for (const output of [features, probabilities]) {
    if (output !== undefined) expectKnown(path, 'output', output, session.outputNames);
  }
  const shape = session.inputMetadata?.find(({ name }) => name === input)?.shape;
  if (shape) expectShape(path, shape, inputShape(description, 1));
  const first = shape?.[0];
  return {
    runtime,
    session,
    description,
    path,
    input,
    batch: typeof first === 'number' && first > 0 ? first : undefined,
  };
}

function expectKnown(path: string, kind: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new ConfigError(
    'network_shape',
    `${onnxDescriptionPath(path)}: ${path} has no ${kind} '${name}'; it has ${known.join(', ')}`,
  );
}

const inputShape = ({ size, channels, layout }: OnnxDescription, images: number): number[] =>
  layout === 'NCHW' ? [images, channels, ...size] : [images, ...size, channels];

/** @param shape of the network's input, names or -1 where it may be anything */
function expectShape(path: string, shape: readonly (number | string)[], described: readonly number[]): void {
  const fits = (axis: number) => {
    const wanted = shape[axis];
    return typeof wanted !== 'number' || wanted <= 0 || wanted === described[axis];
  };
  if (shape.length === 4 && [1, 2, 3].every(fits)) return;
  throw new ConfigError(
    'network_shape',
    `${path} takes an input of shape [${shape.join(',')}], but ${onnxDescriptionPath(path)} describes [N,${described.slice(1).join(',')}]; correct size, channels or layout there`,
  );
}

/** What the network makes of images, a batch at a time. */
async function apply(network: Network, images: PackedImages): Promise<Extracted> {
  const { description, batch = images.count } = network;
  const input = arranged(networkInput(images, description), description);
  const width = input.length / images.count;
  const parts: Extracted[] = [];
  for (let first = 0; first < images.count; first += batch) {
    const values = new Float32Array(batch * width);
    values.set(input.subarray(first * width, (first + batch) * width));
    parts.push(await applyBatch(network, values, batch, Math.min(batch, images.count - first)));
  }
  const join = (arrays: (Float32Array | undefined)[]) =>
    Float32Array.from(arrays.flatMap((array) => (array ? [...array] : [])));
  const features = join(parts.map((part) => part.features));
  if (description.probabilities === undefined) return { features };
  return { features, probabilities: join(parts.map(({ probabilities }) => probabilities)) };
}

/** @param kept images of the batch that count; the others fill it up */
async function applyBatch(network: Network, values: Float32Array, batch: number, kept: number): Promise<Extracted> {
  const { runtime, session, description, path, input } = network;
  const { features, probabilities } = description;
  const dims = inputShape(description, batch);
  const fetches = probabilities === undefined ? [features] : [features, probabilities];
  const feeds = { [input]: new runtime.Tensor('float32', values, dims) };
  const outputs = await session.run(feeds, fetches).catch((cause: Error) => {
    throw new ConfigError(
      'network_shape',
      `${path} refuses an input of shape [${dims.join(',')}], as ${onnxDescriptionPath(path)} describes it: ${cause.message}`,
      { cause },
    );
  });
  const rows = (name: string) => rowsOf(path, name, outputs[name] as OnnxTensor, batch).slice(0, kept);
  const joined = (name: string) => Float32Array.from(rows(name).flatMap((row) => [...row]));
  return {
    features: joined(features),
    ...(probabilities !== undefined && { probabilities: joined(probabilities) }),
  };
}

/** The rows of an output whose first axis counts images; what else it has are columns. */
function rowsOf(path: string, name: string, { dims, data }: OnnxTensor, batch: number): Float32Array[] {
  if (!(data instanceof Float32Array) || dims[0] !== batch) {
    throw new DataError(
      'features_shape',
      `${path}: expected output '${name}' to be float32 with a row for each of ${batch} images, but it has shape [${dims.join(',')}]; name another output in ${onnxDescriptionPath(path)}`,
    );
  }
  const columns = data.length / batch;
  return Array.from({ length: batch }, (_, row) => data.subarray(row * columns, (row + 1) * columns));
}

/** Pixels from 0 to 255 [N,H,W,C] in the range and the order that a network takes. */
function arranged(
  pixels: Float32Array,
  { size, channels, layout, range, mean, deviation }: OnnxDescription,
): Float32Array {
  const [low, high] = range;
  const of = (value: number | number[], channel: number) => (Array.isArray(value) ? (value[channel] as number) : value);
  const area = size[0] * size[1];
  const result = new Float32Array(pixels.length);
  for (let at = 0; at < pixels.length; at++) {
    const channel = at % channels;
    const place = Math.floor(at / channels);
    const image = Math.floor(place / area);
    const to = layout === 'NHWC' ? at : (image * channels + channel) * area + (place % area);
    const value = low + ((pixels[at] as number) / 255) * (high - low);
    result[to] = (value - of(mean, channel)) / of(deviation, channel);
  }
  return result;
}

/** The names of the classes; numbers where they are not named. */
function classesOf({ classes }: OnnxDescription, { probabilities }: Extracted): readonly string[] | undefined {
  if (!probabilities) return undefined;
  if (!classes) return Array.from(probabilities, (_, index) => String(index));
  if (classes.length === probabilities.length) return classes;
  throw new ConfigError(
    'network_shape',
    `classes: expected a name for each of the ${probabilities.length} probabilities, but received ${classes.length}`,
  );
}

const hashOf = async (path: string, { name: _, ...settings }: OnnxDescription): Promise<string> =>
  createHash('sha256')
    .update((await digestFile(path)).sha256)
    .update(JSON.stringify(settings))
    .digest('hex');
