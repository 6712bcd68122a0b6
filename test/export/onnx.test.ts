import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PbfReader } from 'pbf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GannetError } from '../../src/errors.ts';
import { type ExportOptions, exportRun } from '../../src/export/index.ts';
import { encodeModel } from '../../src/export/onnx/encode.ts';
import { madeUpRun, smallConfig } from './runs.ts';

const python = '/usr/bin/python3';

/** What is read back of a model: its metadata, the shapes of what goes in and comes out, and each node's operator and attributes. */
interface ReadModel {
  readonly shapes: Record<string, readonly (number | string)[]>;
  readonly metadata: Record<string, string>;
  readonly nodes: { operator: string; attributes: string[] }[];
}

/** The name and the shape of an input or an output. */
function readValue(pbf: PbfReader): [string, (number | string)[]] {
  let name = '';
  const shape: (number | string)[] = [];
  const dimension = (tag: number) => shape.push(tag === 1 ? pbf.readVarint() : pbf.readString());
  /** Reads a message of which one field, a message too, matters. */
  const within = (field: number, read: (tag: number) => void) => (tag: number) => {
    if (tag === field) pbf.readMessage(read, {});
  };
  const type = within(1, within(2, within(1, dimension)));
  pbf.readMessage((tag) => {
    if (tag === 1) name = pbf.readString();
    if (tag === 2) pbf.readMessage(type, {});
  }, {});
  return [name, shape];
}

function readModel(path: string): ReadModel {
  const model: ReadModel = { metadata: {}, shapes: {}, nodes: [] };
  const node = (tag: number, { operator, attributes }: ReadModel['nodes'][0], pbf: PbfReader) => {
    if (tag === 4) model.nodes.push({ operator: pbf.readString(), attributes });
    if (tag === 5)
      pbf.readMessage((inner) => {
        if (inner === 1) attributes.push(pbf.readString());
      }, operator);
  };
  new PbfReader(readFileSync(path)).readFields((tag, _, pbf) => {
    if (tag === 7)
      pbf.readMessage((inner) => {
        if (inner === 1) pbf.readMessage(node, { operator: '', attributes: [] });
        if (inner !== 11 && inner !== 12) return;
        const [name, shape] = readValue(pbf);
        model.shapes[name] = shape;
      }, {});
    if (tag !== 14) return;
    const entry: string[] = [];
    pbf.readMessage((inner) => {
      entry[inner] = pbf.readString();
    }, {});
    model.metadata[entry[1] as string] = entry[2] as string;
  }, {});
  return model;
}

const exported = async (run: string, options: Omit<ExportOptions, 'to'> = {}): Promise<ReadModel> =>
  readModel((await exportRun(run, { to: 'onnx', check: false, ...options })).path);

const operators = ({ nodes }: ReadModel): string => nodes.map(({ operator }) => operator).join(' ');

test('images change their order of axes once, behind the linear layer; weights are in it already', async () => {
  const run = await madeUpRun(smallConfig('dcgan-digits', { size: 16, model: { width: 2 } }));
  const model = await exported(run);
  const norm = 'Add Sub Mul Add Relu';
  assert.is(
    operators(model),
    `Gemm Reshape ${norm} Transpose ConvTranspose Slice ${norm} ConvTranspose Slice Add Tanh`,
  );
  assert.not.match(operators(await exported(run, { network: 'discriminator' })).slice(0, 30), 'Transpose');
});

test('with NHWC the images alone change', async () => {
  const run = await madeUpRun(smallConfig('dcgan-digits', { size: 16, channels: 3, model: { width: 2 } }));
  assert.match(operators(await exported(run, { layout: 'NHWC' })), /Tanh Transpose$/);
  assert.match(operators(await exported(run, { network: 'discriminator', layout: 'NHWC' })), /^Transpose Conv /);
});

test('the batch is an axis of any size, by name', async () => {
  const run = await madeUpRun(
    smallConfig('dcgan-digits-conditional', { size: 16, latent: { size: 4 }, model: { width: 2 } }),
  );
  const { shapes } = await exported(run);
  assert.equal(shapes, { latents: ['batch', 4], labels: ['batch', 10], images: ['batch', 1, 16, 16] });
});

test('weights that an .onnx file cannot hold are refused', () => {
  const data = { byteLength: 2 ** 31 } as Float32Array;
  const graph = {
    name: 'large',
    nodes: [],
    tensors: [{ name: 'weights', shape: [2 ** 29], data }],
    inputs: [],
    outputs: [],
  };
  assert.throws(
    () => encodeModel(graph, { producer: '', producerVersion: '', metadata: {} }),
    (error: GannetError) => error.code === 'export_too_large' && error.message.includes('2.0 GiB'),
  );
});

test('padding is explicit', async () => {
  const run = await madeUpRun(smallConfig('dcgan-draft', { size: 16, model: { width: 2 } }));
  for (const network of ['generator', 'discriminator'] as const) {
    const windows = (await exported(run, { network })).nodes.filter(({ operator }) => operator.startsWith('Conv'));
    assert.ok(windows.length >= 2);
    for (const { attributes } of windows) {
      assert.ok(attributes.includes('pads'));
      assert.not.ok(attributes.includes('auto_pad'));
    }
  }
});

test('the metadata tells where a network is from and what it takes', async () => {
  const began = await madeUpRun(smallConfig('began', { size: 16, latent: { size: 3 }, model: { width: 2 } }));
  const { metadata } = await exported(began);
  assert.equal(
    [metadata.recipe, metadata.step, metadata.network, metadata.latentDistribution, metadata.imageSize],
    ['began', '7', 'generator', 'descriptors', '[16,16,3]'],
  );
  assert.is(JSON.parse(metadata.latentMean ?? '').length, 3);
  assert.equal(JSON.parse(metadata.latentCovariance ?? ''), [
    [0.5, 0, 0],
    [0, 0.5, 0],
    [0, 0, 0.5],
  ]);
  const told = await madeUpRun(smallConfig('dcgan-digits-conditional', { size: 16, model: { width: 2 } }));
  assert.equal(JSON.parse((await exported(told)).metadata.labels ?? '').length, 10);
});

const hasOnnx = ((): boolean => {
  try {
    execFileSync(python, ['-c', 'import onnx'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
if (!hasOnnx) console.log("Debian's python3-onnx is not installed: its test is skipped");

(hasOnnx ? test : test.skip)('the checker of ONNX finds nothing wrong, and infers every shape', async () => {
  const run = await madeUpRun(smallConfig('wgan-gp-conditional', { model: { width: 2 } }));
  const paths: string[] = [];
  for (const network of ['generator', 'critic'] as const) {
    const { path } = await exportRun(run, { to: 'onnx', network, check: false });
    paths.push(path);
  }
  const check =
    'import sys, onnx\nfor path in sys.argv[1:]: onnx.checker.check_model(onnx.load(path), full_check=True)';
  execFileSync(python, ['-c', check, ...paths], { stdio: 'pipe' });
});

test.run();
