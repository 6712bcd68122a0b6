import { join } from 'node:path';
import { writeSafetensors } from '../../safetensors/safetensors.ts';
import type { ExportDescription } from '../description.ts';
import type { ExportContent, ExportFormat } from '../format.ts';
import { channelsFirst } from '../portable/channels_first.ts';
import { writeSynced } from '../publish.ts';
import { type HeldTensor, lowerToTorch } from './lower.ts';
import { torchModule } from './module.ts';
import { openTorch } from './runtime.ts';

const WEIGHTS_FILE = 'model.safetensors';
const MODULE_FILE = 'model.py';
/** Where Python keeps what it has made of `model.py`, once that was imported. */
const CACHE_FOLDER = '__pycache__';

/** What the metadata of `model.safetensors` calls itself. */
export const TORCH_FORMAT = 'gannet-pytorch';

/** A module of PyTorch: `model.py`, which needs nothing but torch, and `model.safetensors` with its weights as PyTorch has them. */
export const pytorchFormat: ExportFormat = {
  files: [WEIGHTS_FILE, MODULE_FILE, CACHE_FOLDER],
  layouts: ['NCHW'],
  async write(folder, content) {
    const { description, network, freeze, trainable } = content;
    const graph = channelsFirst(await freeze({ fold: false }), { ends: 'NCHW', keepsVariables: true });
    const { lines, held } = lowerToTorch(graph);
    const buffers = [...held.filter(({ variable }) => !trainable.has(variable)), ...latentTensors(description)];
    const parameters = held.filter(({ variable }) => trainable.has(variable));
    const module = {
      description,
      inputs: graph.inputs.map(({ attributes }) => attributes.name),
      output: network.output,
      forward: lines,
      parameters,
      buffers,
    };
    const tensors = [...parameters, ...buffers].map(
      ({ name, shape, data }) => ({ name, shape, data, dtype: 'float32' }) as const,
    );
    await writeSafetensors(join(folder, WEIGHTS_FILE), tensors, metadataOf(content));
    await writeSynced(join(folder, MODULE_FILE), torchModule(module));
  },
  open: openTorch,
};

/** The moments of descriptors, which latents are drawn by. */
function latentTensors({ latent: { size, mean, covariance }, network }: ExportDescription): HeldTensor[] {
  if (network !== 'generator' || !mean || !covariance) return [];
  const held = (name: string, shape: readonly number[], data: Float32Array) => ({ name, variable: name, shape, data });
  return [
    held('latent.mean', [size], Float32Array.from(mean)),
    held('latent.covariance', [size, size], Float32Array.from(covariance.flat())),
  ];
}

function metadataOf({ description, config }: ExportContent): Record<string, string> {
  const { gannet, recipe, step, network, averaged } = description;
  return {
    format: TORCH_FORMAT,
    gannet,
    recipe,
    step: String(step),
    network,
    averaged: String(averaged),
    config: JSON.stringify(config),
  };
}
