import { conditionedOn, isConditional } from '../config/index.ts';
import { CheckpointError } from '../errors.ts';
import { type LabelChoice, labelsInTurn, repeatedEach, type TrainingSession } from '../train/index.ts';
import type { ExportableNetwork } from './networks.ts';
import { type Layout, permuted } from './portable/graph.ts';

/** Numbers with their shape, row-major. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Something that runs an exported network. */
export interface ExportRuntime {
  /** Such as `onnxruntime-node`. */
  readonly name: string;
  /** Whether it computes so slowly that few images are to do. */
  readonly isSlow?: boolean;
  /** The output for inputs by name. */
  run(inputs: Readonly<Record<string, HostTensor>>): Promise<HostTensor>;
  close(): Promise<void>;
}

/** What comparing an export with gannet itself has shown. */
export interface CheckResult {
  /** What ran the export. */
  readonly runtime: string;
  /** The largest difference of two numbers, relative to the largest number of gannet's where that is above 1. */
  readonly largestError: number;
  /** The batches that were compared. */
  readonly batches: readonly number[];
}

/** Batches that are compared: one image, and numbers that are no powers of two. */
const BATCHES = [1, 3, 7];
/** The same where a large network takes seconds for an image. */
const FEW = [1, 2];

/** More than float32 rounds in another order of adding, and a tenth of a level of an 8-bit image. */
export const EXPORT_TOLERANCE = 1e-3;

/** Runs an export on latents (or generated images) that gannet draws, and compares what it gives with what gannet gives.
 *  @param layout of the images that go in and come out
 *  @throws CheckpointError export_wrong */
export async function checkExport(
  session: TrainingSession,
  network: ExportableNetwork,
  runtime: ExportRuntime,
  layout: Layout,
): Promise<CheckResult> {
  let largestError = 0;
  const batches = runtime.isSlow ? FEW : BATCHES;
  for (const batch of batches) {
    const inputs = await drawInputs(session, network, batch);
    const expected = await expectedOutput(session, network, inputs, batch);
    const given = Object.entries(inputs).map(([name, tensor]) => [name, inLayout(tensor, layout)] as const);
    const output = await runtime.run(Object.fromEntries(given));
    largestError = Math.max(largestError, errorOf(output, inLayout(expected, layout), network, runtime.name));
  }
  if (largestError <= EXPORT_TOLERANCE) return { runtime: runtime.name, largestError, batches };
  throw wrong(
    network,
    `${runtime.name} computes ${network.output} that differ by up to ${largestError.toPrecision(2)}, where ${EXPORT_TOLERANCE} is rounding`,
  );
}

const wrong = ({ name }: ExportableNetwork, problem: string): CheckpointError =>
  new CheckpointError(
    'export_wrong',
    `The export of the ${name} is not what gannet computes: ${problem}. It was not kept. Please report it with the recipe; --no-check writes it all the same.`,
  );

async function drawInputs(
  session: TrainingSession,
  { input }: ExportableNetwork,
  batch: number,
): Promise<Record<string, HostTensor>> {
  const { config, generator } = session.model;
  const latents = await session.drawLatents(batch, batch);
  const choices = isConditional(config) ? labelsInTurn(conditionedOn(config), batch) : undefined;
  const labels = choices && { labels: labelRows(choices) };
  if (input === 'latents') return { latents: { data: latents, shape: [batch, ...generator.inputShape] }, ...labels };
  return { images: await session.sample(latents, labels?.labels.data), ...labels };
}

const labelRows = (choices: readonly LabelChoice[]): HostTensor => ({
  data: repeatedEach(choices, 1),
  shape: [choices.length, choices[0]?.vector.length ?? 0],
});

/** What gannet gives: of a generator the very images of `gannet sample`. */
async function expectedOutput(
  session: TrainingSession,
  { name, output, trace }: ExportableNetwork,
  inputs: Readonly<Record<string, HostTensor>>,
  batch: number,
): Promise<HostTensor> {
  if (name === 'generator') return session.sample(inputs.latents?.data as Float32Array, inputs.labels?.data);
  const executable = await session.device.load(trace(batch));
  try {
    const feeds = Object.fromEntries(
      executable.graph.feeds.map(({ attributes }) => [attributes.name, inputs[attributes.name]?.data as Float32Array]),
    );
    const { outputs } = await session.device.run([{ executable, feeds, fetch: true }]);
    return {
      data: outputs[0]?.[output] as Float32Array,
      shape: executable.graph.outputs[output]?.shape as readonly number[],
    };
  } finally {
    executable.release();
  }
}

/** Images with their channels where an export has them. */
function inLayout(tensor: HostTensor, layout: Layout): HostTensor {
  const { data, shape } = tensor;
  if (layout === 'NHWC' || shape.length !== 4) return tensor;
  const [n, h, w, c] = shape as [number, number, number, number];
  return { data: permuted(data, shape, [0, 3, 1, 2]), shape: [n, c, h, w] };
}

function errorOf(output: HostTensor, expected: HostTensor, network: ExportableNetwork, runtime: string): number {
  if (`${output.shape}` !== `${expected.shape}`)
    throw wrong(network, `${runtime} gives ${network.output} of [${output.shape}] in place of [${expected.shape}]`);
  let [difference, largest] = [0, 1];
  for (const [i, value] of expected.data.entries()) {
    const apart = Math.abs((output.data[i] as number) - value);
    // NaN compares as nothing.
    if (!(apart <= difference)) difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    largest = Math.max(largest, Math.abs(value));
  }
  return difference / largest;
}
