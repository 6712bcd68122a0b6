import { join } from 'node:path';
import { type DeviceKeys, deviceKeysOf } from '../config/index.ts';
import type { DeviceListener, HostArray } from '../device/index.ts';
import { ConfigError, GannetError } from '../errors.ts';
import { openSpace } from '../explore/space.ts';
import { checkpointName } from '../train/checkpoint/listing.ts';
import {
  type Checkpoint,
  loadCheckpoint,
  openSampler,
  type RecipeChoice,
  type TrainingSession,
} from '../train/index.ts';
import { restore } from '../train/persistence.ts';
import { type CheckResult, checkExport } from './check.ts';
import { describeExport, type ExportDescription } from './description.ts';
import type { ExportContent, ExportFormat } from './format.ts';
import { htmlFormat } from './html/format.ts';
import { findNetwork, type NetworkName } from './networks.ts';
import { onnxFormat } from './onnx/format.ts';
import { freeze } from './portable/freeze.ts';
import type { Layout } from './portable/graph.ts';
import { publishFile, publishFolder } from './publish.ts';
import { pytorchFormat } from './pytorch/format.ts';
import { tfjsFormat } from './tfjs/format.ts';

const FORMATS = { onnx: onnxFormat, pytorch: pytorchFormat, tfjs: tfjsFormat, html: htmlFormat } satisfies Record<
  string,
  ExportFormat
>;

/** One of EXPORT_FORMATS. */
export type ExportFormatName = keyof typeof FORMATS;

/** What a network can be exported to. */
export const EXPORT_FORMATS = Object.keys(FORMATS) as [ExportFormatName, ...ExportFormatName[]];

/** Which network of a run is exported, to what, and where it goes. */
export interface ExportOptions extends DeviceKeys, RecipeChoice {
  readonly to: ExportFormatName;
  /** The generator unless told; `encoder` and `autoencoder` of a BEGAN, `critic` of a Wasserstein GAN, `discriminator` of others. */
  readonly network?: NetworkName | undefined;
  /** The newest checkpoint unless told. */
  readonly step?: number | undefined;
  /** A file, or a folder for several; in the run's `exports/` unless told. */
  readonly out?: string | undefined;
  /** Where the channels of images are; where most programs of the format have them unless told. */
  readonly layout?: Layout | undefined;
  /** Whether the export is run and compared with gannet's own numbers; default true. */
  readonly check?: boolean | undefined;
  /** Called once, with the device that is used and why. */
  readonly onDevice?: DeviceListener | undefined;
}

/** What was exported. */
export interface Exported {
  readonly format: ExportFormatName;
  /** The file or folder. */
  readonly path: string;
  readonly description: ExportDescription;
  /** What comparing it with gannet has shown; why it was not compared, where it could not be; undefined if it was not asked for. */
  readonly check?: CheckResult | { readonly unchecked: string };
}

/** Writes a network of a run for another program, and compares what it computes there with gannet's own numbers. A generator has the averaged
 *  weights if the run keeps any, and running statistics in batch norm: its images are those of `gannet sample`.
 *  @param folder of the run
 *  @throws CheckpointError export_wrong, run_missing, checkpoint_missing, disk_full and the like; ConfigError export_network,
 *  export_unsupported, export_layout, export_out, export_exists, export_too_large; DeviceError */
export async function exportRun(folder: string, options: ExportOptions): Promise<Exported> {
  const format: ExportFormat = FORMATS[options.to];
  const { layout = format.layouts[0], check = true } = options;
  expectLayout(options.to, format, layout);
  expectNetwork(options.to, format, options.network ?? 'generator');
  const checkpoint = await loadCheckpoint(folder, options.step === undefined ? {} : { step: options.step });
  const { step } = checkpoint;
  // A GPU may compute with fewer digits than what runs the export.
  const keys = { precision: 'float32' as const, ...deviceKeysOf(options) };
  // A run that goes on meanwhile may save another checkpoint: both must be the same.
  const session = await openSampler(folder, { ...keys, step, recipe: options.recipe, onDevice: options.onDevice });
  try {
    const content = await contentOf(session, checkpoint, options.network ?? 'generator', layout);
    const path =
      options.out ??
      join(folder, 'exports', `${content.network.name}-${checkpointName(step)}${format.ending ?? `-${options.to}`}`);
    const found = await publish(path, format, async (temporary) => {
      await format.write(temporary, content);
      return check ? await compare(session, format, temporary, content) : undefined;
    });
    return { format: options.to, path, description: content.description, ...(found && { check: found }) };
  } finally {
    session.close();
  }
}

function expectLayout(name: string, { layouts }: ExportFormat, layout: Layout): void {
  if (layouts.includes(layout)) return;
  throw new ConfigError('export_layout', `--layout: ${name} has images as ${layouts.join(' or ')}, not ${layout}`);
}

function expectNetwork(format: string, { networks }: ExportFormat, network: NetworkName): void {
  if (!networks || networks.includes(network)) return;
  throw new ConfigError(
    'export_network',
    `--network: ${format} is for the ${networks.join(', ')}, not for the ${network}`,
  );
}

async function contentOf(
  session: TrainingSession,
  checkpoint: Checkpoint,
  name: string,
  layout: Layout,
): Promise<ExportContent> {
  const network = findNetwork(session.model, name);
  // A sampler has restored the generator alone.
  if (network.name !== 'generator') await restore(session, checkpoint, ['discriminator']);
  const variables = new Map(session.variables.map((variable) => [variable.name, variable]));
  const read = async (variable: string): Promise<HostArray> => {
    const known = variables.get(variable);
    if (known) return session.read(known);
    throw new ConfigError(
      'export_unsupported',
      `the network reads '${variable}', which no checkpoint of this run holds`,
    );
  };
  return {
    network,
    description: await describeExport(session.model, checkpoint, network),
    config: session.model.config,
    trainable: trainableNames(session),
    layout,
    openSpace: () => openSpace(session, checkpoint),
    freeze: (how) => freeze(network.trace, async (variable) => (await read(variable)) as Float32Array, how),
  };
}

function trainableNames({ model: { average }, variables }: TrainingSession): ReadonlySet<string> {
  const averages = average?.pairs.flatMap((pair) => (pair.current.trainable ? [pair.average.name] : [])) ?? [];
  return new Set([...variables.flatMap(({ name, trainable }) => (trainable ? [name] : [])), ...averages]);
}

function publish<T>(path: string, format: ExportFormat, write: (temporary: string) => Promise<T>): Promise<T> {
  const { ending } = format;
  if (ending === undefined) return publishFolder(path, format.files ?? [], write);
  if (path.toLowerCase().endsWith(ending)) return publishFile(path, write);
  throw new ConfigError('export_out', `--out expects the name of a ${ending} file, but received ${path}`);
}

/** Codes of errors which say that what runs an export is not installed. */
const MISSING = ['onnxruntime_missing', 'tfjs_missing', 'torch_missing'];

async function compare(
  session: TrainingSession,
  format: ExportFormat,
  path: string,
  content: ExportContent,
): Promise<CheckResult | { readonly unchecked: string }> {
  let runtime: Awaited<ReturnType<ExportFormat['open']>>;
  try {
    runtime = await format.open(path, content);
  } catch (error) {
    if (error instanceof GannetError && MISSING.includes(error.code)) return { unchecked: error.message };
    throw error;
  }
  try {
    return await checkExport(session, content.network, runtime, content.layout);
  } finally {
    await runtime.close();
  }
}
