import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type FileFormat, mutateFile, signCheckpoint } from '../../scripts/torture/files/formats.ts';
import { gannet } from '../../scripts/torture/files/gannet.ts';
import { mutateBytes, mutateJson } from '../../scripts/torture/files/mutate.ts';
import { makeTargets } from '../../scripts/torture/files/targets.ts';
import { Random } from '../../scripts/torture/random.ts';
import { temporaryFolder } from '../data/temporary.ts';

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

test('a seed decides the accident, and most accidents change something', () => {
  const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
  const mutated = SEEDS.map((seed) => mutateBytes(bytes, new Random(seed)).toString('hex'));
  assert.equal(
    mutated,
    SEEDS.map((seed) => mutateBytes(bytes, new Random(seed)).toString('hex')),
  );
  assert.ok(new Set(mutated).size > 190);
  assert.is(bytes[99], 99, 'the original stays');
});

test('accidents to JSON keep it JSON', () => {
  const value = { a: [1, 2, { b: 'x' }], c: null };
  const mutated = SEEDS.map((seed) => JSON.stringify(mutateJson(value, new Random(seed))));
  assert.ok(new Set(mutated).size > 100);
  assert.ok(mutated.some((text) => text?.includes('"__proto__"')));
  assert.equal(value, { a: [1, 2, { b: 'x' }], c: null });
});

test('accidents to the header of a safetensors file leave its length right', () => {
  const header = Buffer.from('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = Buffer.concat([length, header, Buffer.alloc(4)]);
  const whole = SEEDS.map((seed) => mutateFile(file, 'safetensors', new Random(seed))).filter((bytes) => {
    try {
      JSON.parse(String(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0)))));
      return !bytes.equals(file);
    } catch {
      return false;
    }
  });
  assert.ok(whole.length > 100, `${whole.length} of 200 keep a header that can be read`);
});

test('a signed checkpoint is as good as one that was written so', async () => {
  const folder = temporaryFolder({ 'a.safetensors': 'new', 'trainer_state.json': '' });
  const path = join(folder, 'trainer_state.json');
  const files = { 'a.safetensors': { bytes: 0, sha256: 'old' } };
  writeFileSync(path, JSON.stringify({ sha256: 'old', format: 1, step: -1, files, state: {} }));
  signCheckpoint(folder);
  const signed = JSON.parse(readFileSync(path, 'utf8'));
  assert.is(signed.step, -1);
  assert.is(signed.files['a.safetensors'].bytes, 3);
  assert.is(signed.sha256.length, 64);
});

test('what is whole passes every command that is tried on damaged files', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'whole'));
  const targets = await makeTargets(join(root, 'whole'));
  assert.ok(targets.length >= 25);
  for (const { name, folder, commands } of targets) {
    for (const argv of commands(folder)) {
      const { exitCode, errors } = await gannet(argv);
      assert.is(exitCode, 0, `${name}: ${argv.join(' ')}: ${errors}`);
    }
  }
  const formats: readonly FileFormat[] = ['bytes', 'json', 'lines', 'safetensors'];
  assert.equal(
    formats.filter((format) => !targets.some((target) => target.format === format)),
    [],
  );
});

test.run();
