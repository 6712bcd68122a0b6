import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { recipes } from '../../src/models/index.ts';
import type { ModelSummary } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet, jsonLines } from './command.ts';

async function output(...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await gannet(argv);
  assert.is(exitCode, 0, stderr);
  return stdout;
}

const json = async (...argv: string[]): Promise<Record<string, unknown>> => JSON.parse(await output(...argv));

const planOf = async (...argv: string[]) =>
  (await json('plan', ...argv, '--json')) as unknown as ModelSummary & { config: Record<string, unknown> };

test('plan tells layers, shapes, parameters, operations and memory', async () => {
  const text = await output('plan', 'dcgan');
  assert.match(text, /^ {2}layer2 +tconv5 s2, batch norm, relu +8x8x512 +13,108,736$/m);
  assert.match(text, /^ {2}layer5 +linear +1 +16,385$/m);
  assert.match(text, /^parameters +36,565,764$/m);
  assert.match(text, /^operations +1\.9\d TFLOP per step of batch 128$/m);
  assert.match(text, /^arena +[\d.]+ MiB/m);
  assert.match(text, /^variables +418 MiB/m);
});

test('the columns of a plan are aligned', async () => {
  const lines = (await output('plan', 'dcgan')).split('\n').filter((line) => /^ {2}layer|^ {2}total/.test(line));
  assert.is(lines.length, 12);
  assert.is(new Set(lines.map((line) => line.length)).size, 1, 'numbers end at one column');
});

test('plan --json tells the same to programs', async () => {
  const plan = await planOf('dcgan', '--batch', '2');
  assert.is(plan.parameters, 36_565_764);
  assert.is(plan.config.batch, 2);
  assert.equal(
    plan.networks.map(({ name }) => name),
    ['generator', 'discriminator'],
  );
  assert.ok(plan.arenaBytes > 0 && plan.variableBytes > 3 * 4 * plan.parameters);
});

test('plan --program prints every op of a step with its place', async () => {
  const text = await output('plan', 'dcgan-digits', '--program');
  assert.match(text, /^program 'discriminator step', arena \d+ bytes$/m);
  assert.match(text, /^program 'generator step'/m);
  assert.match(text, /= conv2d\(<real>\[64,32,32,1\], \$discriminator\.layer1\.weight\[32,5,5,1\]\)/);
  assert.match(text, /# discriminator\.layer1$/m);
});

test('plan --device adds up what a step costs by kernel and by layer, and lists its launches on demand', async () => {
  const text = await output('plan', 'dcgan', '--device', 'cuda', '--gpu', 'a100');
  const launches = Number(/^launches +(\d+) per step$/m.exec(text)?.[1]);
  for (const heading of ['kernel', 'layer']) {
    const [, table] = text.split(new RegExp(`^${heading} +launches.*\\n`, 'm')) as [string, string];
    const counts = (table.split('\n\n')[0] as string).split('\n').map((row) => Number(row.split(/ {2,}/)[1]));
    assert.is(
      counts.reduce((sum, count) => sum + count),
      launches,
      heading,
    );
  }
  assert.match(text, /^discriminator\.layer2 +\d+ +430 GFLOP /m);
  assert.ok(text.split('\n').every((line) => line.length < 120));
  const listed = await output('plan', 'dcgan', '--device', 'cuda', '--gpu', 'a100', '--launches');
  assert.is((listed.match(/^(conv2d|elementwise|matmul|reduce)/gm)?.length as number) > 100, true);
});

test('--set takes nested keys; its values are JSON, or else text', async () => {
  const { config } = await planOf('dcgan', '--size', '16', '--set', 'model.width=8', '--set', 'loss=minimax');
  assert.is((config.model as { width: number }).width, 8);
  assert.is(config.loss, 'minimax');
  const whole = await planOf('dcgan', '--set', 'labels={"real":0.9,"fake":0.1}');
  assert.equal(whole.config.labels, { real: 0.9, fake: 0.1, flip: 0 });
});

test('a file beats the recipe, options beat the file, --set beats all', async () => {
  const file = join(temporaryFolder(), 'config.json');
  const $schema = './gannet.schema.json';
  writeFileSync(file, JSON.stringify({ $schema, recipe: 'dcgan-digits', batch: 10, seed: 10, size: 16, epochs: 3 }));
  const { config } = await planOf(file, '--batch', '20', '--size', '64', '--set', 'size=128', '--set', 'steps=5');
  const { recipe, channels, seed, batch, size, steps, epochs } = config;
  assert.equal([recipe, channels, seed, batch, size], ['dcgan-digits', 1, 10, 20, 128]);
  assert.equal([steps, epochs], [5, undefined], 'steps take the place of epochs');
});

test('a file that names no recipe, or is no JSON object, is refused by name', async () => {
  const folder = temporaryFolder({ 'none.json': '{"batch": 3}', 'cut.json': '{"recipe": "dc', 'list.json': '[1]' });
  const refusals = {
    'none.json': /expected a key "recipe"/,
    'cut.json': /is not JSON/,
    'list.json': /expected a JSON object/,
  };
  for (const [name, message] of Object.entries(refusals)) {
    const { exitCode, stderr } = await gannet(['plan', join(folder, name)]);
    assert.is(exitCode, 2);
    assert.match(stderr, message);
    assert.ok(stderr.includes(name));
  }
});

test('naming another optimiser drops the settings of the first', async () => {
  const { config } = await planOf('dcgan', '--set', 'generator.name=rmsprop');
  assert.equal(config.generator, { name: 'rmsprop', learningRate: 2e-4 });
});

test('recipes lists every recipe with its summary', async () => {
  const lines = (await output('recipes')).trimEnd().split('\n');
  assert.is(lines.length, recipes.length);
  for (const [i, { name, summary }] of recipes.entries()) {
    assert.ok(lines[i]?.startsWith(`${name} `) && lines[i]?.endsWith(summary), lines[i]);
  }
  assert.equal(
    (jsonLines(await output('recipes', '--json'))[0] as unknown as { name: string }[]).map(({ name }) => name),
    recipes.map(({ name }) => name),
  );
});

test('schema is a JSON Schema that says what keys mean and forbids others', async () => {
  const schema = await json('schema');
  assert.match(schema.$schema as string, /json-schema\.org/);
  assert.is(schema.additionalProperties, false);
  const properties = schema.properties as Record<string, { description?: string }>;
  for (const key of ['checkpointEvery', 'sampleEvery', 'logEvery'])
    assert.match(properties[key]?.description ?? '', /steps/);
});

test('doctor finds the addon, the devices and the packages, and says how to get what is missing', async () => {
  const report = (await json('doctor', '--json')) as {
    canTrain: boolean;
    findings: { name: string; ok: boolean; optional: boolean; detail: string; remedy?: string }[];
  };
  assert.is(report.canTrain, true);
  const finding = (name: string) => report.findings.find((found) => found.name === name);
  for (const name of ['gannet', 'node', 'addon', 'device cpu', 'sharp']) assert.is(finding(name)?.ok, true, name);
  assert.match(finding('device cpu')?.detail ?? '', /oneDNN \d/);
  for (const { name, ok, remedy } of report.findings) {
    if (name.startsWith('@tensorflow') && !ok) assert.is(remedy, `npm install ${name}`);
  }
  assert.match(await output('doctor'), /^ok +device cpu: /m);
});

test.run();
