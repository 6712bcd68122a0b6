import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  describeClassifier,
  openClassifier,
  splitBySeed,
  type TrainedClassifier,
  trainClassifier,
  writeClassifier,
} from '../../src/classifier/index.ts';
import { buildClassifier } from '../../src/classifier/network.ts';
import { type Device, openDevice } from '../../src/device/index.ts';
import type { GannetError } from '../../src/errors.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { corners } from './pictures.ts';

async function onDevice<T>(use: (device: Device) => Promise<T>): Promise<T> {
  const device = openDevice('cpu', { threads: 1 });
  return use(device).finally(() => device.close());
}

const learn = (seed = 1): Promise<TrainedClassifier> =>
  onDevice((device) => trainClassifier(splitBySeed(corners(240), 1), device, { steps: 60, batch: 16, seed }));

const codeOf = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'nothing',
    (error: GannetError) => error.code,
  );

let trained: TrainedClassifier;
test.before(async () => {
  trained = await learn();
});

test('it learns to tell classes apart, and its accuracy is that on images which it has not seen', async () => {
  assert.ok(trained.accuracy > 0.95, `${trained.accuracy}`);
  assert.equal(
    { ...trained.data, name: trained.name, classes: trained.classes },
    {
      ...{ name: 'classifier-corners', classes: ['nw', 'ne', 'sw'], fingerprint: 'corners 240 3 1' },
      ...{ trainingImages: 200, holdOutImages: 40, holdOutBy: { seed: 1 } },
    },
  );
  const { training } = splitBySeed(corners(240), 1);
  // Held-out images whose labels say otherwise: none is told rightly.
  const wrong = {
    ...corners(30),
    labels: {
      kind: 'classes' as const,
      names: ['ne', 'sw', 'nw'],
      values: Int32Array.from({ length: 30 }, (_, i) => i % 3),
    },
  };
  const { accuracy } = await onDevice((device) =>
    trainClassifier({ training, holdOut: wrong, by: { seed: 1 } }, device, { steps: 60, batch: 16 }),
  );
  assert.ok(accuracy < 0.05, `${accuracy}`);
});

test('the same seed gives the same weights to the bit, another one others', async () => {
  const bytes = ({ weights }: TrainedClassifier) =>
    [...weights].map(([name, values]) => `${name} ${Buffer.from(values.buffer).toString('hex')}`).join('\n');
  assert.is(bytes(await learn()), bytes(trained));
  assert.is.not(bytes(await learn(2)), bytes(trained));
});

test('a training ends where it is told to, and throws what it was told', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const seen: number[] = [];
  const onProgress = ({ step }: { step: number }) => {
    seen.push(step);
    if (step === 40) controller.abort(reason);
  };
  const options = { steps: 100, batch: 16, signal: controller.signal, onProgress };
  await onDevice((device) => trainClassifier(splitBySeed(corners(240), 1), device, options)).then(
    () => assert.unreachable(),
    (error) => assert.is(error, reason),
  );
  assert.equal(seen, [20, 40]);
});

test('its two files hold all of it: read again it says the same of images', async () => {
  const path = join(temporaryFolder(), 'deep', 'corners.safetensors');
  const { sha256 } = await writeClassifier(path, trained);
  const { weights: _, ...about } = trained;
  assert.equal(await describeClassifier(path.replace('.safetensors', '.json')), { ...about, sha256 });
  const images = new Float32Array(70 * 64);
  for (let i = 0; i < 70; i++) corners(70).read(i, images, i * 64);
  const { features, probabilities } = await onDevice(async (device) => {
    const { runner } = await openClassifier(path, device);
    const { variables } = buildClassifier(about.architecture, about.classes.length);
    assert.is(variables.length, trained.weights.size);
    for (const variable of variables) {
      assert.equal(await device.read(variable), trained.weights.get(variable.name), variable.name);
    }
    return runner.run(images);
  });
  assert.equal([features.length, probabilities.length], [70 * 128, 70 * 3]);
  for (let row = 0; row < 70; row++) {
    const [nw, ne, sw] = probabilities.subarray(3 * row, 3 * row + 3) as unknown as [number, number, number];
    assert.ok(Math.abs(nw + ne + sw - 1) < 1e-5);
    assert.ok([nw, ne, sw][row % 3] === Math.max(nw, ne, sw), `image ${row}`);
  }
});

test('files that are missing, damaged or of something else are refused', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'corners.safetensors');
  await writeClassifier(path, trained);
  const description = readFileSync(join(folder, 'corners.json'), 'utf8');
  const refused = async (code: string, changed: string) => {
    writeFileSync(join(folder, 'corners.json'), changed);
    assert.is(await codeOf(describeClassifier(path)), code);
  };
  await refused('classifier_format', '{');
  await refused('classifier_format', '{"format":"gannet-latents"}');
  assert.is(await codeOf(writeClassifier(path, trained)), 'network_exists');
  assert.is(readFileSync(join(folder, 'corners.json'), 'utf8'), '{"format":"gannet-latents"}');
  await refused('classifier_format', description.replace('"channels": 1', '"channels": 2'));
  writeFileSync(join(folder, 'corners.json'), description);
  assert.is(await codeOf(describeClassifier(path)), 'nothing');
  const weights = readFileSync(path);
  weights[weights.length - 1] = (weights[weights.length - 1] as number) ^ 1;
  writeFileSync(path, weights);
  assert.is(await codeOf(describeClassifier(path)), 'classifier_corrupt');
  assert.is(await codeOf(describeClassifier(join(folder, 'other.safetensors'))), 'classifier_missing');
  assert.is(await codeOf(writeClassifier('/dev/null/corners.safetensors', trained)), 'storage_failed');
});

test.run();
