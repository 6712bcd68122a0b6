import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GannetError } from '../../src/errors.ts';
import { exportRun, importGenerator } from '../../src/export/index.ts';
import { findTorch } from '../../src/export/pytorch/python.ts';
import type { Recipe } from '../../src/models/index.ts';
import { SafetensorsFile, writeSafetensors } from '../../src/safetensors/safetensors.ts';
import { gannet } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { own } from '../models/own.ts';
import { imagesOf, madeUpRun, smallConfig } from './runs.ts';

/** The weights of a run's generator as PyTorch has them, in a folder of their own. */
async function exportedFolder(run: string): Promise<string> {
  const out = join(temporaryFolder(), 'exported');
  await exportRun(run, { to: 'pytorch', check: false, out });
  return out;
}

const small = { size: 16, latent: { size: 4 }, model: { width: 2 } };

for (const [name, config] of [
  ['a DCGAN', smallConfig('dcgan-digits', small)],
  ['a DCGAN with averaged weights', smallConfig('dcgan-digits', { ...small, ema: { halfLife: 100 } })],
  ['a BEGAN with its descriptors', smallConfig('began', small)],
  [
    'a DCGAN with virtual batch norm',
    smallConfig('dcgan-digits', { ...small, model: { width: 2, generatorNorm: 'virtual' } }),
  ],
] as const) {
  test(`${name} draws the same images, to the bit, behind an export and an import`, async () => {
    const run = await madeUpRun(config);
    const file = join(await exportedFolder(run), 'model.safetensors');
    const { folder, recipe, step } = await importGenerator(file, { out: join(temporaryFolder(), 'run') });
    assert.equal([recipe, step], [config.recipe, 7]);
    assert.equal(await imagesOf(folder), await imagesOf(run));
  });
}

const python = await findTorch();
if (python === undefined) console.log('no Python with torch is here: its test is skipped');

(python ? test : test.skip)('what PyTorch has changed and saved is drawn', async () => {
  const run = await madeUpRun(smallConfig('dcgan-digits', small));
  const folder = await exportedFolder(run);
  const change = [
    'import sys; sys.path.insert(0, ".")',
    'import torch, model',
    'network = model.load("model.safetensors")',
    'with torch.no_grad(): network.layer3.bias += 100',
    'model.save(network, "tuned.safetensors")',
  ].join('\n');
  execFileSync(python as string, ['-B', '-c', change], { cwd: folder });
  const imported = await importGenerator(join(folder, 'tuned.safetensors'), { out: join(temporaryFolder(), 'run') });
  assert.ok((await imagesOf(imported.folder)).every((value) => value === 1));
  assert.not.ok((await imagesOf(run)).every((value) => value === 1));
});

test('a file of something else is refused, and what does not fit is named', async () => {
  const run = await madeUpRun(smallConfig('dcgan-digits', small));
  const folder = await exportedFolder(run);
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  const tensors = await Promise.all(
    [...file.tensors.values()].map(async ({ name, shape, dtype }) => ({
      name,
      shape,
      dtype,
      data: await file.read(name),
    })),
  );
  const refusal = async (changed: typeof tensors, metadata: Record<string, string> = {}, recipe?: Recipe) => {
    const path = join(temporaryFolder(), 'changed.safetensors');
    await writeSafetensors(path, changed, { ...file.metadata, ...metadata });
    const error = await importGenerator(path, { recipe }).catch((caught: GannetError) => caught);
    return error instanceof Error ? `${error.code}: ${error.message}` : 'nothing';
  };
  assert.match(await refusal(tensors, { format: 'other' }), /^import_file: .*does not say so/);
  assert.match(await refusal(tensors, { network: 'critic' }), /^import_file: .*it holds the critic/);
  assert.match(await refusal(tensors, { config: '{' }), /^import_file: .*no JSON/);
  assert.match(await refusal(tensors, { config: 'null' }), /^import_file: .*its configuration is null/);
  assert.match(await refusal(tensors, { config: 'null' }, own), /^import_file: .*its configuration is null/);
  assert.match(await refusal(tensors, {}, own), /^import_file: .*its recipe is 'dcgan-digits', not 'own'/);
  assert.match(await refusal(tensors, { config: '{"recipe": "dcgn"}' }), /^unknown_recipe: /);
  assert.match(await refusal(tensors.slice(1)), /^import_mismatch: .*should be float32 .*nothing of that name/);
  const more = { ...(tensors[0] as (typeof tensors)[0]), name: 'layer9.weight' };
  assert.match(await refusal([...tensors, more]), /^import_mismatch: .*holds 'layer9.weight'/);
  const turned = tensors.map((tensor) =>
    tensor.name === 'layer1.weight' ? { ...tensor, shape: tensor.shape.toReversed() } : tensor,
  );
  assert.match(await refusal(turned), /'layer1.weight' should be float32 \[64,4\], but it holds float32 \[4,64\]/);
  const { exitCode, stderr } = await gannet(['import', join(folder, 'model.py')]);
  assert.is(exitCode, 1);
  assert.match(stderr, 'this is no safetensors file');
});

test.run();
