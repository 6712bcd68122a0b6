import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs';
import { parseJson, readRegularFile } from '../../files.ts';
import { loadTfjs } from '../../reference/tfjs/backend.ts';
import type { ExportRuntime, HostTensor } from '../check.ts';
import type { ExportContent, ExportFormat } from '../format.ts';
import { writeSynced } from '../publish.ts';
import { lowerToTfjs } from './lower.ts';
import type { TfjsModel } from './model.ts';

const MODEL_FILE = 'model.json';
const WEIGHTS_FILE = 'weights.bin';

/** A graph model of tfjs: `model.json`, which `tf.loadGraphModel` is given, and `weights.bin` beside it. */
export const tfjsFormat: ExportFormat = {
  files: [MODEL_FILE, WEIGHTS_FILE],
  layouts: ['NHWC'],
  async write(folder, content) {
    const { topology, signature, weights, data } = await tfjsModel(content);
    const manifest = {
      format: 'graph-model',
      generatedBy: `gannet ${content.description.gannet}`,
      convertedBy: null,
      signature,
      userDefinedMetadata: content.description,
      modelTopology: topology,
      weightsManifest: [{ paths: [WEIGHTS_FILE], weights }],
    };
    await writeSynced(join(folder, WEIGHTS_FILE), joined(data));
    await writeSynced(join(folder, MODEL_FILE), JSON.stringify(manifest));
  },
  async open(folder, { network }) {
    const text = String(await readRegularFile(join(folder, MODEL_FILE)));
    const { modelTopology, signature, weightsManifest } = parseJson(text) as ModelJson;
    const weights = new Uint8Array(await readRegularFile(join(folder, WEIGHTS_FILE)));
    const specs = weightsManifest.flatMap((group) => group.weights);
    return openTfjs({ topology: modelTopology, signature, specs, weights }, network.output);
  },
};

/** What is read of model.json. */
interface ModelJson extends Pick<TfjsModel, 'signature'> {
  readonly modelTopology: TfjsModel['topology'];
  readonly weightsManifest: readonly { readonly weights: TfjsModel['weights'] }[];
}

/** The network as tfjs takes it. @throws ConfigError export_unsupported */
export const tfjsModel = async ({ freeze }: ExportContent): Promise<TfjsModel> =>
  lowerToTfjs(await freeze({ fold: true }));

/** Numbers one behind the other, as bytes. */
export function joined(parts: TfjsModel['data']): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

/** A graph model as it was written. */
export interface StoredModel extends Pick<TfjsModel, 'topology' | 'signature'> {
  readonly specs: TfjsModel['weights'];
  /** One behind the other. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

/** Runs a graph model in the fastest tfjs that is installed. @throws DeviceError tfjs_missing */
export async function openTfjs(
  { topology, signature, specs, weights }: StoredModel,
  output: string,
): Promise<ExportRuntime> {
  const { tf, package: name, backend } = await loadTfjs();
  const model = await tf.loadGraphModel({
    load: async () => ({
      modelTopology: topology,
      signature,
      weightSpecs: specs as never,
      weightData: weights.buffer,
    }),
  });
  return {
    name,
    // Plain JavaScript.
    isSlow: backend === 'cpu',
    async run(inputs) {
      const given = Object.entries(inputs).map(([key, { data, shape }]) => [key, tf.tensor(data, [...shape])] as const);
      const result = model.execute(Object.fromEntries(given), output) as Tensor;
      const values: HostTensor = { data: result.dataSync() as Float32Array, shape: result.shape };
      for (const tensor of [result, ...given.map(([, tensor]) => tensor)]) tensor.dispose();
      return values;
    },
    close: async () => model.dispose(),
  };
}
