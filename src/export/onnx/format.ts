import { loadOnnxRuntime, type OnnxTensor } from '../../metrics/features/onnx_runtime.ts';
import type { ExportRuntime } from '../check.ts';
import type { ExportDescription } from '../description.ts';
import type { ExportFormat } from '../format.ts';
import { channelsFirst } from '../portable/channels_first.ts';
import { writeSynced } from '../publish.ts';
import { encodeModel } from './encode.ts';
import { lowerToOnnx } from './lower.ts';

/** An .onnx file: one graph with its weights, for any batch. */
export const onnxFormat: ExportFormat = {
  ending: '.onnx',
  layouts: ['NCHW', 'NHWC'],
  async write(path, { network, description, layout, freeze }) {
    const graph = channelsFirst(await freeze({ fold: true }), { ends: layout });
    const about = { producer: 'gannet', producerVersion: description.gannet, metadata: metadataOf(description) };
    await writeSynced(path, encodeModel(lowerToOnnx(graph, network.name), about));
  },
  open: (path, { network }) => openOnnx(path, network.output),
};

/** A description as the texts by name that ONNX keeps: words as they are, anything else as JSON. */
function metadataOf({ gannet: _, latent, image, labels, ...description }: ExportDescription): Record<string, string> {
  const entries = Object.entries({
    ...description,
    imageSize: image,
    imageRange: [-1, 1],
    latentSize: latent.size,
    latentDistribution: latent.distribution,
    latentRepresentatives: latent.representatives,
    latentMean: latent.mean,
    latentCovariance: latent.covariance,
    labels: labels?.names,
    labelKind: labels?.kind,
  });
  return Object.fromEntries(
    entries.flatMap(([key, value]) =>
      value === undefined ? [] : [[key, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  );
}

/** @throws ConfigError onnxruntime_missing */
async function openOnnx(path: string, output: string): Promise<ExportRuntime> {
  const runtime = loadOnnxRuntime('checking an ONNX file');
  const session = await runtime.InferenceSession.create(path, { executionProviders: ['cpu'] });
  return {
    name: 'onnxruntime-node',
    async run(inputs) {
      const feeds = Object.entries(inputs).map(
        ([name, { data, shape }]) => [name, new runtime.Tensor('float32', data, shape)] as const,
      );
      const outputs = await session.run(Object.fromEntries(feeds), [output]);
      const { data, dims } = outputs[output] as OnnxTensor;
      return { data: data as Float32Array, shape: dims };
    },
    close: () => session.release(),
  };
}
