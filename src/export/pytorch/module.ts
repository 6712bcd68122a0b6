import type { ExportDescription } from '../description.ts';
import type { HeldTensor } from './lower.ts';

/** What a generated module is made of. */
export interface TorchModule {
  readonly description: ExportDescription;
  /** Names of what `forward` takes, such as `latents` and `labels`. */
  readonly inputs: readonly string[];
  /** What `forward` gives, such as `images`. */
  readonly output: string;
  /** The body of `forward`. */
  readonly forward: readonly string[];
  readonly parameters: readonly HeldTensor[];
  /** What training keeps up to date and no optimiser touches. */
  readonly buffers: readonly HeldTensor[];
}

const INDENT = '    ';

const indented = (lines: readonly string[], depth: number): string =>
  lines.map((line) => `${INDENT.repeat(depth)}${line}`).join('\n');

/** The text of `model.py`: a module of PyTorch that reads its weights by itself. */
export function torchModule(module: TorchModule): string {
  const { description, inputs, output, forward, parameters, buffers } = module;
  const name = className(description.network);
  return `"""${title(module)}

    from model import load
    ${description.network} = load("model.safetensors")
    ${usage(module)}

Images are float32 [N, ${image(description)}] with values from -1 to 1. Weights are those of training; batch norm takes running
statistics, also where the module is trained on.${tellLabels(description)}
"""

import json
import struct

import torch
import torch.nn.functional as F
from torch import nn

RECIPE = ${JSON.stringify(description.recipe)}
STEP = ${description.step}
LATENT_SIZE = ${description.latent.size}
${description.labels ? `LABELS = ${JSON.stringify(description.labels.names)}\n` : ''}
# Shapes by name: what is learnt, and what training keeps of the images it has seen.
PARAMETERS = {
${shapeLines(parameters)}
}
BUFFERS = {
${shapeLines(buffers)}
}


class ${name}(nn.Module):
    def __init__(self):
        super().__init__()
        for name, shape in PARAMETERS.items():
            owner, last = self._owner(name)
            owner.register_parameter(last, nn.Parameter(torch.zeros(shape)))
        for name, shape in BUFFERS.items():
            owner, last = self._owner(name)
            owner.register_buffer(last, torch.zeros(shape))

    def _owner(self, name):
        *path, last = name.split(".")
        owner = self
        for part in path:
            if not hasattr(owner, part):
                owner.add_module(part, nn.Module())
            owner = getattr(owner, part)
        return owner, last
${description.network === 'generator' ? `\n${latentsMethod(description)}` : ''}
    def forward(self, ${inputs.join(', ')}):
        """${inputs.map((input) => tellInput(input, description)).join(', ')} -> ${output}."""
${indented(forward, 2)}


def read(path):
    """The tensors of a safetensors file by name, and its metadata."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, about in header.items():
        begin, end = about["data_offsets"]
        flat = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=begin)
        tensors[name] = flat.reshape(about["shape"]).clone()
    return tensors, metadata


def load(path):
    """The network with the weights of a file."""
    network = ${name}()
    tensors, network.metadata = read(path)
    network.load_state_dict(tensors)
    return network.eval()


def save(network, path):
    """Writes the network so that \`load\` and \`gannet import\` read it."""
    header, parts, end = {"__metadata__": network.metadata}, [], 0
    for name, tensor in sorted(network.state_dict().items()):
        part = tensor.detach().cpu().float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [end, end + len(part)]}
        parts.append(part)
        end += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
`;
}

const className = (network: string): string => network.charAt(0).toUpperCase() + network.slice(1);

const title = ({ description: { network, recipe, step, averaged, gannet } }: TorchModule): string =>
  `The ${network} of a ${recipe}, step ${step}${averaged ? ', with averaged weights' : ''}; written by gannet ${gannet}.`;

const image = ({ image: [height, width, channels] }: ExportDescription): string => `${channels}, ${height}, ${width}`;

const usage = ({ description: { labels, network }, inputs, output }: TorchModule): string => {
  const given = inputs.map((input) => {
    if (input === 'latents') return `${network}.latents(16)`;
    return input === 'labels' ? `torch.eye(${labels?.names.length})[:1].expand(16, -1)` : input;
  });
  return `${output} = ${network}(${given.join(', ')})`;
};

const tellLabels = ({ labels }: ExportDescription): string =>
  labels
    ? ` Labels are float32 [N, ${labels.names.length}]: a 1 for ${labels.kind === 'classes' ? 'the class' : 'each attribute'} of an image, in the order of LABELS.`
    : '';

const tellInput = (input: string, description: ExportDescription): string => {
  if (input === 'latents') return `latents [N, ${description.latent.size}]`;
  if (input === 'labels') return `labels [N, ${description.labels?.names.length}]`;
  return `images [N, ${image(description)}]`;
};

const shapeLines = (tensors: readonly HeldTensor[]): string =>
  tensors.map(({ name, shape }) => `${INDENT}"${name}": (${shape.map((size) => `${size},`).join(' ')}),`).join('\n');

/** How noise of a size is drawn. */
const DRAWS: Readonly<Record<string, (size: string) => readonly string[]>> = {
  uniform: (size) => [`noise = 2 * torch.rand(count, ${size}, generator=random) - 1`],
  unit: (size) => [`noise = torch.rand(count, ${size}, generator=random)`],
  normal: (size) => [`noise = torch.randn(count, ${size}, generator=random)`],
  descriptors: (size) => [
    `noise = torch.randn(count, ${size}, generator=random)`,
    'values, vectors = torch.linalg.eigh(self.latent.covariance)',
    'noise = self.latent.mean + noise * values.clamp(min=0).sqrt() @ vectors.t()',
  ],
};

function drawLines({ latent: { distribution, representatives = [] } }: ExportDescription): readonly string[] {
  const behind = representatives.length;
  const draw = DRAWS[distribution] as (typeof DRAWS)[string];
  if (behind === 0) return [...draw('LATENT_SIZE'), 'return noise'];
  return [
    ...draw(`LATENT_SIZE - ${behind}`),
    `# Of ${representatives.join(', ')}.`,
    `representatives = torch.randint(2, (count, ${behind}), generator=random).float()`,
    'return torch.cat([noise, representatives], 1)',
  ];
}

function latentsMethod(description: ExportDescription): string {
  const lines = [
    'def latents(self, count, seed=None):',
    `${INDENT}"""Latents as the generator was trained on them, [count, LATENT_SIZE]."""`,
    `${INDENT}random = None if seed is None else torch.Generator().manual_seed(seed)`,
    ...drawLines(description).map((line) => INDENT + line),
  ];
  return `${indented(lines, 1)}\n`;
}
