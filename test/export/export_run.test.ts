import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GannetError } from '../../src/errors.ts';
import { checkExport, type ExportRuntime } from '../../src/export/check.ts';
import { type ExportOptions, exportRun, type NetworkName } from '../../src/export/index.ts';
import { type ExportableNetwork, networksOf } from '../../src/export/networks.ts';
import { publishFile, publishFolder } from '../../src/export/publish.ts';
import * as ops from '../../src/ops/index.ts';
import { packageVersion } from '../../src/package.ts';
import { SafetensorsFile } from '../../src/safetensors/safetensors.ts';
import { feed, trace } from '../../src/tensor/trace.ts';
import { loadCheckpoint, openSampler } from '../../src/train/index.ts';
import { gannet } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { madeUpRun, smallConfig } from './runs.ts';
import { RUNTIMES } from './runtimes.ts';

const run = await madeUpRun(smallConfig('dcgan-digits-conditional', { size: 16, model: { width: 2 } }));

const refusal = (options: ExportOptions, folder = run) =>
  exportRun(folder, { check: false, ...options }).then(
    () => ({ code: 'nothing', message: '' }),
    ({ code, message }: GannetError) => ({ code, message }),
  );

test('without --out an export lies in the run, by the name of its network and step', async () => {
  const { path, description, check } = await exportRun(run, { to: 'onnx', network: 'discriminator', check: false });
  assert.is(path, join(run, 'exports', 'discriminator-step-000007.onnx'));
  assert.ok(existsSync(path));
  assert.is(check, undefined);
  assert.equal(description.labels?.names.length, 10);
  assert.equal(description.image, [16, 16, 1]);
});

test('a description tells which weights they are, and counts representative variables to the latents', async () => {
  const averaged = await madeUpRun(smallConfig('wgan-gp', { size: 16, model: { width: 2 }, ema: { halfLife: 10 } }));
  const describe = async (network: NetworkName, folder = averaged) =>
    (await exportRun(folder, { to: 'onnx', network, check: false })).description;
  assert.equal([(await describe('generator')).averaged, (await describe('critic')).averaged], [true, false]);
  assert.is((await exportRun(run, { to: 'onnx', check: false })).description.averaged, false);
  const extracted = await madeUpRun(smallConfig('extractor-gan', { model: { width: 2 } }));
  const { latent } = await describe('generator', extracted);
  assert.equal([latent.representatives, latent.size], [['brightness'], 101]);
});

test('averaged weights are parameters of a module of PyTorch, and running statistics are buffers', async () => {
  const averaged = await madeUpRun(
    smallConfig('dcgan-digits', { size: 16, model: { width: 2 }, ema: { halfLife: 10 } }),
  );
  const out = join(temporaryFolder(), 'torch');
  await exportRun(averaged, { to: 'pytorch', check: false, out });
  const [, parameters = '', buffers = ''] = readFileSync(join(out, 'model.py'), 'utf8').split(
    /^(?:PARAMETERS|BUFFERS) = /m,
  );
  const names = (text: string) => [...text.matchAll(/^ {4}"([\w.]+)": \(/gm)].map(([, name]) => name);
  assert.ok(names(parameters).includes('layer1.weight') && names(parameters).includes('layer1.norm.gain'));
  assert.equal(
    names(buffers).filter((name) => !/norm\.(mean|variance)$/.test(name ?? '')),
    [],
  );
  assert.ok(names(buffers).length > 0);
});

test('the discriminator has the weights of the checkpoint', async () => {
  const out = join(temporaryFolder(), 'torch');
  await exportRun(run, { to: 'pytorch', network: 'discriminator', check: false, out });
  const exported = await SafetensorsFile.open(join(out, 'model.safetensors'));
  const kept = (await loadCheckpoint(run)).files.get('discriminator');
  assert.equal(await exported.read('layer1.bias'), await kept?.read('discriminator.layer1.bias'));
});

test('a graph model tells what it is, and its weights are those of its file', async () => {
  const out = join(temporaryFolder(), 'tfjs');
  const { description } = await exportRun(run, { to: 'tfjs', check: false, out });
  const { weightsManifest, signature, modelTopology, ...about } = JSON.parse(
    readFileSync(join(out, 'model.json'), 'utf8'),
  );
  assert.equal(about, {
    ...{ format: 'graph-model', generatedBy: `gannet ${packageVersion()}`, convertedBy: null },
    userDefinedMetadata: JSON.parse(JSON.stringify(description)),
  });
  const sizes = (of: Record<string, { name: string; dtype: string; tensorShape: { dim: { size: string }[] } }>) =>
    Object.values(of).map(
      ({ name, dtype, tensorShape }) => `${name} ${dtype} ${tensorShape.dim.map(({ size }) => size)}`,
    );
  assert.equal(sizes(signature.inputs).sort(), ['labels:0 DT_FLOAT -1,10', 'latents:0 DT_FLOAT -1,64']);
  assert.equal(sizes(signature.outputs), ['images:0 DT_FLOAT -1,16,16,1']);
  const [{ paths, weights }, ...others] = weightsManifest;
  assert.equal([paths, others], [['weights.bin'], []]);
  const numbers = weights.map(({ shape }: { shape: number[] }) => shape.reduce((product, size) => product * size, 1));
  assert.is(
    4 * numbers.reduce((sum: number, count: number) => sum + count, 0),
    statSync(join(out, 'weights.bin')).size,
  );
  const names = weights.map(({ name }: { name: string }) => name);
  assert.is(new Set(names).size, names.length, 'each is there once');
  const constants = modelTopology.node.filter(({ op }: { op: string }) => op === 'Const');
  assert.equal(constants.map(({ name }: { name: string }) => name).sort(), names.sort());
});

test('what cannot be exported is refused by what there is', async () => {
  const network = await refusal({ to: 'onnx', network: 'critic' });
  assert.equal(
    [network.code, /has no critic.*It has generator, discriminator/.test(network.message)],
    ['export_network', true],
  );
  const page = await refusal({ to: 'html', network: 'discriminator' });
  assert.equal([page.code, /html is for the generator/.test(page.message)], ['export_network', true]);
  assert.is((await refusal({ to: 'onnx', out: 'generator.bin' })).code, 'export_out');
  assert.is((await refusal({ to: 'tfjs', layout: 'NCHW' })).code, 'export_layout');
  assert.is((await refusal({ to: 'onnx', step: 3 })).code, 'checkpoint_missing');
  assert.is((await refusal({ to: 'onnx' }, temporaryFolder())).code, 'checkpoint_missing');
});

test('a folder of other files is left alone, an earlier export is replaced as a whole', async () => {
  const out = join(temporaryFolder(), 'mine');
  mkdirSync(out);
  writeFileSync(join(out, 'thesis.tex'), 'years of work');
  assert.equal((await refusal({ to: 'tfjs', out })).code, 'export_exists');
  assert.equal(readdirSync(out), ['thesis.tex']);
  const other = join(out, 'tfjs');
  await exportRun(run, { to: 'tfjs', out: other, check: false });
  writeFileSync(join(other, 'weights.bin'), 'cut short');
  await exportRun(run, { to: 'tfjs', out: other, check: false });
  assert.ok(readFileSync(join(other, 'weights.bin')).length > 1000);
  assert.equal(readdirSync(out).sort(), ['tfjs', 'thesis.tex']);
});

test('what fails its check never gets its name', async () => {
  const folder = temporaryFolder();
  const failing = async (temporary: string) => {
    writeFileSync(statSync(temporary, { throwIfNoEntry: false })?.isDirectory() ? join(temporary, 'c') : temporary, '');
    throw new Error('wrong');
  };
  const messages: string[] = [];
  const note = ({ message }: Error) => messages.push(message);
  await publishFile(join(folder, 'a.onnx'), failing).catch(note);
  await publishFolder(join(folder, 'b'), [], failing).catch(note);
  assert.equal(messages, ['wrong', 'wrong']);
  assert.equal(readdirSync(folder), []);
});

test('an earlier folder comes back where the new one cannot get its name, or a stop came between', async () => {
  const folder = temporaryFolder();
  const out = join(folder, 'b');
  const write = (text: string) => async (temporary: string) => writeFileSync(join(temporary, 'c'), text);
  await publishFolder(out, ['c'], write('earlier'));
  const { rename } = promises;
  promises.rename = async (from, to) => {
    if (String(from).includes('.saving-')) throw new Error('no name');
    return rename(from, to);
  };
  syncBuiltinESMExports();
  try {
    const error = await publishFolder(out, ['c'], write('later')).catch(({ message }: Error) => message);
    assert.is(error, 'no name');
  } finally {
    promises.rename = rename;
    syncBuiltinESMExports();
  }
  assert.is(readFileSync(join(out, 'c'), 'utf8'), 'earlier');
  assert.equal(readdirSync(folder), ['b']);
  renameSync(out, join(folder, '.replaced-b'));
  const failing = async () => {
    throw new Error('wrong');
  };
  await publishFolder(out, ['c'], failing).catch(() => {});
  assert.is(readFileSync(join(out, 'c'), 'utf8'), 'earlier');
  assert.equal(readdirSync(folder), ['b']);
});

test('what an earlier stop has left is removed, and what the disk refuses is told as such', async () => {
  const folder = temporaryFolder({ 'b/c': 'earlier', '.replaced-b/c': 'before that', '.saving-b/d': 'half' });
  const out = join(folder, 'b');
  await publishFolder(out, ['c'], async (temporary) => writeFileSync(join(temporary, 'c'), 'later'));
  assert.is(readFileSync(join(out, 'c'), 'utf8'), 'later');
  assert.equal([readdirSync(folder), readdirSync(out)], [['b'], ['c']]);
  const below = join(out, 'c', 'd');
  for (const publish of [() => publishFile(below, async () => {}), () => publishFolder(below, [], async () => {})]) {
    const error = await publish().catch((caught: GannetError) => caught);
    assert.is((error as GannetError).code, 'storage_failed');
  }
});

test('a runtime that computes other numbers fails the check, and by how much is told', async () => {
  const session = await openSampler(run);
  try {
    const [network] = networksOf(session.model);
    assert.ok(network);
    const batches: number[] = [];
    const runtime = (change: (value: number) => number, isSlow = false): ExportRuntime => ({
      name: 'a runtime',
      isSlow,
      async run({ latents, labels }) {
        assert.ok(latents && labels);
        batches.push(latents.shape[0] as number);
        const { data, shape } = await session.sample(latents.data, labels.data);
        return { data: data.map(change), shape };
      },
      close: async () => {},
    });
    const check = (change: (value: number) => number) => checkExport(session, network, runtime(change), 'NHWC');
    assert.is((await check((value) => value)).largestError, 0);
    assert.equal(batches.splice(0), [1, 3, 7]);
    await checkExport(
      session,
      network,
      runtime((value) => value, true),
      'NHWC',
    );
    assert.equal(batches, [1, 2], 'fewer where each takes seconds');
    for (const [change, told] of [
      [(value: number) => value + 0.01, /by up to 0\.010/],
      [() => Number.NaN, /by up to Infinity/],
    ] as const) {
      const error = await check(change).catch((caught: GannetError) => caught);
      assert.ok(error instanceof Error);
      assert.is(error.code, 'export_wrong');
      assert.match(error.message, told);
    }
    const flat: ExportRuntime = {
      name: 'a runtime',
      run: async ({ latents }) => ({ data: new Float32Array(1), shape: [latents?.shape[0] as number, 1] }),
      close: async () => {},
    };
    const error = await checkExport(session, network, flat, 'NHWC').catch((caught: GannetError) => caught);
    assert.match((error as Error).message, 'gives images of [1,1] in place of [1,16,16,1]');
  } finally {
    session.close();
  }
});

test('an export is kept without a check where what runs it is not installed, and the command that installs it is told', async () => {
  const out = join(temporaryFolder(), 'generator.onnx');
  const { check } = await exportRun(run, { to: 'onnx', out });
  assert.ok(existsSync(out));
  if (RUNTIMES.onnx) assert.ok(check && 'largestError' in check);
  else assert.match(check && 'unchecked' in check ? check.unchecked : '', 'npm install onnxruntime-node');
});

test('an error is told relative to numbers above 1', async () => {
  const session = await openSampler(run);
  try {
    const network: ExportableNetwork = {
      ...{ name: 'discriminator', input: 'latents', output: 'y' },
      trace: (batch) =>
        trace('large', () => ({
          y: ops.add(1000, ops.mul(0, feed('latents', [batch, ...session.model.generator.inputShape]))),
        })),
    };
    const runtime: ExportRuntime = {
      name: 'a runtime',
      run: async ({ latents }) => ({
        shape: latents?.shape ?? [],
        data: new Float32Array(latents?.data.length ?? 0).fill(1000.5),
      }),
      close: async () => {},
    };
    const { largestError } = await checkExport(session, network, runtime, 'NHWC');
    assert.is(largestError, 0.0005);
  } finally {
    session.close();
  }
});

test('the command tells what it wrote, for people and as JSON', async () => {
  const out = join(temporaryFolder(), 'generator.onnx');
  const command = ['export', run, '--to', 'onnx', '--no-check', '--out', out];
  const { exitCode, stdout } = await gannet(command);
  assert.is(exitCode, 0);
  assert.is(stdout, `generator of dcgan-digits-conditional, step 7, in ${out}\n`);
  const json = JSON.parse((await gannet([...command, '--json'])).stdout);
  assert.equal([json.type, json.path, json.description.step], ['export', out, 7]);
  const unknown = await gannet(['export', run, '--to', 'keras']);
  assert.is(unknown.exitCode, 2);
  assert.match(unknown.stderr, 'onnx, pytorch, tfjs');
});

test.run();
