import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { PackedImages } from '../../data/index.ts';
import { ConfigError, DataError } from '../../errors.ts';
import { digestFile } from '../../safetensors/safetensors.ts';
import { expectDistributions } from '../classifier_score.ts';
import { expectFinite } from '../feature_matrix.ts';
import type { Extracted, FeatureExtractor } from './extractor.ts';
import { networkInput } from './network_input.ts';
import { type OnnxDescription, onnxDescriptionPath, readOnnxDescription } from './onnx_description.ts';
import {
  loadOnnxRuntime,
  type OnnxInput,
  type OnnxRuntime,
  type OnnxSession,
  type OnnxTensor,
} from './onnx_runtime.ts';

/** Of onnxruntime's messages. */
const ONLY_FATAL = 4;

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
 *  @throws ConfigError onnxruntime_missing, network_description, network_unreadable, network_shape; DataError features_shape,
 *  features_not_finite, probabilities_invalid, where an image that it is tried with shows them */
export async function onnxFeatures(
  path: string,
  { threads = 0 }: { readonly threads?: number | undefined } = {},
): Promise<FeatureExtractor> {
  const description = await readOnnxDescription(path);
  const network = await openNetwork(path, description, threads);
  try {
    const { size, channels } = description;
    const pixels = Uint8Array.from({ length: size[0] * size[1] * channels }, (_, at) => at % 251);
    const probe = await apply(network, { count: 1, size, channels, pixels });
    const columns = probe.features.length;
    expectFinite(probe.features, columns, path);
    if (probe.probabilities) expectDistributions(probe.probabilities, probe.probabilities.length);
    const classes = classesOf(path, description, probe);
    return {
      name: description.name ?? basename(path, '.onnx'),
      hash: await hashOf(path, description),
      columns,
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
  const options = {
    executionProviders: ['cpu'],
    // Its own words on what fails are in the errors below.
    logSeverityLevel: ONLY_FATAL,
    ...(threads > 0 && { intraOpNumThreads: threads }),
  };
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
  expectOneInput(path, session.inputNames);
  const told = session.inputMetadata?.find(({ name }) => name === input);
  if (told) expectInput(path, told, inputShape(description, 1));
  const first = told?.shape?.[0];
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

function expectOneInput(path: string, names: readonly string[]): void {
  if (names.length === 1) return;
  throw new ConfigError(
    'network_shape',
    `${path} takes ${names.length} inputs (${names.join(', ')}), but gannet has images for one alone; export it with constants for the others`,
  );
}

/** Holds what onnxruntime tells of the input to what images will be. @param described [N, and the sizes of the described images] */
function expectInput(
  path: string,
  { name, type = 'float32', shape = [] }: OnnxInput,
  described: readonly number[],
): void {
  const refuse = (problem: string): ConfigError =>
    new ConfigError('network_shape', `${path}: input '${name}' ${problem}`);
  if (type !== 'float32')
    throw refuse(
      `takes ${type}, but images come as float32; export the network with a Cast to ${type} behind its input`,
    );
  if (shape.length === 0) return;
  const images = `[N,${described.slice(1).join(',')}]`;
  if (shape.length !== 4)
    throw refuse(
      `has ${shape.length} axes, [${shape.join(',')}], but images come as ${images}; export the network with a Reshape behind its input`,
    );
  const fits = (axis: number) => {
    const wanted = shape[axis];
    return typeof wanted !== 'number' || wanted <= 0 || wanted === described[axis];
  };
  if ([1, 2, 3].every(fits)) return;
  throw refuse(
    `has the shape [${shape.join(',')}], but ${onnxDescriptionPath(path)} describes ${images}; correct size, channels or layout there`,
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
  const features = joined(parts.map((part) => part.features));
  if (description.probabilities === undefined) return { features };
  return { features, probabilities: joined(parts.map((part) => part.probabilities as Float32Array)) };
}

/** Arrays one behind the other. */
function joined(arrays: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    result.set(array, at);
    at += array.length;
  }
  return result;
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
  const rows = (name: string) => rowsOf(path, name, outputs[name] as OnnxTensor, batch, kept);
  return {
    features: rows(features),
    ...(probabilities !== undefined && { probabilities: rows(probabilities) }),
  };
}

/** The first rows of an output whose first axis counts images; what else it has are columns. @param kept how many rows */
function rowsOf(
  path: string,
  name: string,
  { dims, data, type }: OnnxTensor,
  batch: number,
  kept: number,
): Float32Array {
  const refuse = (problem: string): DataError =>
    new DataError(
      'features_shape',
      `${path}: expected output '${name}' to be float32 with a row of numbers for each of ${batch} images, but it ${problem}; name another output in ${onnxDescriptionPath(path)}`,
    );
  if (!(data instanceof Float32Array)) throw refuse(`is ${type}`);
  if (dims[0] !== batch || data.length === 0) throw refuse(`has shape [${dims.join(',')}]`);
  return data.slice(0, (kept * data.length) / batch);
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
function classesOf(
  path: string,
  { classes }: OnnxDescription,
  { probabilities }: Extracted,
): readonly string[] | undefined {
  if (!probabilities) return undefined;
  if (!classes) return Array.from(probabilities, (_, index) => String(index));
  if (classes.length === probabilities.length) return classes;
  throw new ConfigError(
    'network_shape',
    `${onnxDescriptionPath(path)}: classes: expected a name for each of the ${probabilities.length} probabilities, but received ${classes.length}`,
  );
}

const hashOf = async (path: string, { name: _, ...settings }: OnnxDescription): Promise<string> =>
  createHash('sha256')
    .update((await digestFile(path)).sha256)
    .update(JSON.stringify(settings))
    .digest('hex');
