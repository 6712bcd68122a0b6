import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PbfReader } from 'pbf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GannetError } from '../../src/errors.ts';
import { type ExportOptions, exportRun } from '../../src/export/index.ts';
import { encodeModel } from '../../src/export/onnx/encode.ts';
import { lowerToOnnx } from '../../src/export/onnx/lower.ts';
import { freeze } from '../../src/export/portable/freeze.ts';
import { zeros } from '../../src/nn/initializers.ts';
import { parameter } from '../../src/nn/layer.ts';
import * as ops from '../../src/ops/index.ts';
import { packageVersion } from '../../src/package.ts';
import { feed, read, trace } from '../../src/tensor/trace.ts';
import type { Variable } from '../../src/tensor/variable.ts';
import { madeUpRun, smallConfig } from './runs.ts';

const python = '/usr/bin/python3';

/** What is read back of a model: what it says of itself, its metadata, the shapes of what goes in and comes out, its constants, and each node's
 *  name, operator and attributes. */
interface ReadModel {
  readonly about: { irVersion?: number; opset?: number; producer?: string; producerVersion?: string };
  readonly constants: Record<string, Buffer>;
  readonly shapes: Record<string, readonly (number | string)[]>;
  readonly metadata: Record<string, string>;
  readonly nodes: { name: string; operator: string; attributes: string[] }[];
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

function readModel(bytes: Uint8Array): ReadModel {
  const model: ReadModel = { about: {}, constants: {}, metadata: {}, shapes: {}, nodes: [] };
  const node = (tag: number, read: ReadModel['nodes'][0], pbf: PbfReader) => {
    if (tag === 3) read.name = pbf.readString();
    if (tag === 4) read.operator = pbf.readString();
    if (tag === 5)
      pbf.readMessage((inner) => {
        if (inner === 1) read.attributes.push(pbf.readString());
      }, read);
  };
  const constant = (tag: number, read: { name: string; raw: Buffer }, pbf: PbfReader) => {
    if (tag === 8) read.name = pbf.readString();
    if (tag === 9) read.raw = Buffer.from(pbf.readBytes());
  };
  new PbfReader(bytes).readFields((tag, _, pbf) => {
    if (tag === 1) model.about.irVersion = pbf.readVarint();
    if (tag === 2) model.about.producer = pbf.readString();
    if (tag === 3) model.about.producerVersion = pbf.readString();
    if (tag === 8)
      pbf.readMessage((inner) => {
        if (inner === 2) model.about.opset = pbf.readVarint();
      }, {});
    if (tag === 7)
      pbf.readMessage((inner) => {
        if (inner === 1) model.nodes.push(pbf.readMessage(node, { name: '', operator: '', attributes: [] }));
        if (inner === 5) {
          const { name, raw } = pbf.readMessage(constant, { name: '', raw: Buffer.of() });
          model.constants[name] = raw;
        }
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
  readModel(readFileSync((await exportRun(run, { to: 'onnx', check: false, ...options })).path));

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

test('a model tells who made it, of which opset, and names each node', async () => {
  const run = await madeUpRun(smallConfig('dcgan-digits', { size: 16, model: { width: 2 } }));
  const { about, nodes } = await exported(run);
  assert.equal(about, { irVersion: 7, producer: 'gannet', producerVersion: packageVersion(), opset: 13 });
  const names = nodes.map(({ name }) => name);
  assert.is(new Set(names).size, nodes.length);
  assert.not.ok(names.includes(''));
});

test('a constant holds its own numbers, also where they are a part of a larger array', () => {
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  const graph = { name: 'part', nodes: [], tensors: [{ name: 'weights', shape: [2], data }], inputs: [], outputs: [] };
  const { constants } = readModel(encodeModel(graph, { producer: '', producerVersion: '', metadata: {} }));
  assert.equal(constants.weights, Buffer.from(Float32Array.of(2, 3).buffer));
});

test('no two values have one name, whatever variables are called, and an input may be an output', async () => {
  const [x, y] = ['x', 'y'].map((name) => parameter(name, [2], zeros)) as [Variable, Variable];
  const traced = (batch: number) =>
    trace('names', () => {
      const given = feed('x', [batch, 2]);
      const sum = ops.add(ops.perChannel(read(x), given.shape), ops.perChannel(read(y), given.shape));
      return { y: ops.mul(ops.tanh(given), sum), same: given };
    });
  const graph = lowerToOnnx(await freeze(traced, async () => Float32Array.of(1, 2), { fold: false }), 'names');
  const made = [...graph.inputs, ...graph.tensors].map(({ name }) => name);
  const computed = graph.nodes.map(({ output }) => output);
  assert.is(new Set([...made, ...computed]).size, made.length + computed.length, [...made, ...computed].join());
  assert.equal(
    graph.outputs.map(({ name }) => [name, computed.includes(name)]),
    [
      ['y', true],
      ['same', true],
    ],
  );
  const known = new Set([...made, ...computed]);
  assert.ok(graph.nodes.every(({ inputs }) => inputs.every((name) => known.has(name))));
});

test('equal vectors are one constant, and whole numbers are none with reals of the same value', async () => {
  const traced = (batch: number) =>
    trace('constants', () => {
      const x = feed('x', [batch, 3]);
      const first = ops.slice(x, [0, 0], [batch, 2]);
      return { y: ops.add(ops.step(first), ops.slice(ops.exp(x), [0, 0], [batch, 2])) };
    });
  const { tensors } = lowerToOnnx(await freeze(traced, async () => new Float32Array(), { fold: true }), 'constants');
  const values = tensors.map(({ data }) => `${data instanceof Float32Array ? 'real' : 'whole'} ${data.join()}`);
  assert.equal(values.sort(), ['real 0', 'whole 0', 'whole 1', 'whole 2']);
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
  assert.equal((await exported(told)).metadata, {
    ...{ recipe: 'dcgan-digits-conditional', step: '7', network: 'generator', averaged: 'false' },
    ...{ imageSize: '[16,16,1]', imageRange: '[-1,1]', latentSize: '64', latentDistribution: 'normal' },
    ...{ labels: '["0","1","2","3","4","5","6","7","8","9"]', labelKind: 'classes' },
  });
  const extracted = await madeUpRun(smallConfig('extractor-gan', { model: { width: 2 } }));
  const { latentRepresentatives, latentSize } = (await exported(extracted)).metadata;
  assert.equal([latentRepresentatives, latentSize], ['["brightness"]', '101']);
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
