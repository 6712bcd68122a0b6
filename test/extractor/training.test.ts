import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { splitBySeed } from '../../src/classifier/index.ts';
import type { Dataset, Labels } from '../../src/data/index.ts';
import { type Device, openDevice } from '../../src/device/index.ts';
import { pretrainedWeights } from '../../src/extractor/file.ts';
import { describeExtractor, type TrainedExtractor, trainExtractor, writeExtractor } from '../../src/extractor/index.ts';
import { corners } from '../classifier/pictures.ts';
import { rejects } from '../data/rejects.ts';
import { temporaryFolder } from '../data/temporary.ts';

async function onDevice<T>(use: (device: Device) => Promise<T>): Promise<T> {
  const device = openDevice('cpu', { threads: 1 });
  return use(device).finally(() => device.close());
}

/** The pictures with the attributes `north` and `bright` in place of their classes nw, ne, sw; none is bright. */
function withAttributes(of: Dataset): Dataset {
  const values = Int32Array.from(of.labels?.values ?? [], (label) => Number(label !== 2));
  return {
    ...of,
    labels: {
      kind: 'attributes',
      names: ['north', 'bright'],
      values: Int32Array.from({ length: 2 * of.count }, (_, i) => (i % 2 === 0 ? (values[i / 2] as number) : 0)),
    },
  };
}

const OPTIONS = { epochs: 3, batch: 16, learningRate: 2e-3, seed: 1 };
const learn = (data: Dataset, labels: readonly string[], options = {}): Promise<TrainedExtractor> =>
  onDevice((device) => trainExtractor(splitBySeed(data, 1), labels, device, { ...OPTIONS, ...options }));

let trained: TrainedExtractor;
test.before(async () => {
  trained = await learn(corners(240), ['sw', 'nw']);
});

test('it learns to tell whether images have a label, each label by itself', () => {
  assert.ok(
    trained.accuracies.every((accuracy) => accuracy > 0.95),
    `${trained.accuracies}`,
  );
  const { weights: _, accuracies: __, ...about } = trained;
  assert.equal(about, {
    name: 'extractor-corners',
    size: trained.size,
    channels: 1,
    labels: ['sw', 'nw'],
    data: {
      ...{ name: 'corners', fingerprint: 'corners 240 3 1' },
      ...{ trainingImages: 200, holdOutImages: 40, holdOutBy: { seed: 1 } },
    },
    training: { epochs: 3, batch: 16, learningRate: 2e-3, smoothing: 0.1, seed: 1 },
  });
});

test('attributes are learnt as classes are', async () => {
  const { accuracies } = await learn(withAttributes(corners(240)), ['north']);
  assert.ok((accuracies[0] as number) > 0.95, `${accuracies}`);
});

test('each setting of the training counts', async () => {
  const settings = [{}, { smoothing: 0.3 }, { learningRate: 1e-3 }, { batch: 8 }, { seed: 2 }, { epochs: 2 }];
  const biases: unknown[] = [];
  for (const setting of settings) {
    const { weights } = await learn(corners(60), ['nw'], { epochs: 1, ...setting });
    biases.push(weights.get('extractor.layer3.bias')?.[0]);
  }
  assert.is(new Set(biases).size, settings.length, `${biases}`);
});

test('its targets are 1 and 0 less and plus the smoothing: it becomes no surer, and tells as well', async () => {
  const losses: number[] = [];
  const onProgress = ({ loss }: { loss: number }) => void losses.push(loss);
  const { accuracies } = await learn(corners(240), ['sw'], { smoothing: 0.45, epochs: 4, onProgress });
  assert.ok((accuracies[0] as number) > 0.95, `${accuracies}`);
  // The cross entropy of a target of 0.55 or 0.45 with itself.
  const least = -(0.55 * Math.log(0.55) + 0.45 * Math.log(0.45));
  assert.ok(Math.min(...losses) > least - 1e-6, `${losses}`);
  assert.ok((losses.at(-1) as number) < least + 5e-3, `${losses}`);
});

test('its accuracy is that on all held-out images, and on no others', async () => {
  const parts = splitBySeed(corners(240), 1);
  const accuracyOn = async (holdOut: Dataset) =>
    (await onDevice((device) => trainExtractor({ ...parts, holdOut }, ['nw'], device, OPTIONS)))
      .accuracies[0] as number;
  const others = corners(100, 3, 2);
  const right = await accuracyOn(others);
  assert.ok(right > 0.95, `${right}`);
  const shifted = Int32Array.from(others.labels?.values ?? [], (label) => (label === 0 ? 1 : 0));
  const wrong = await accuracyOn({ ...others, labels: { ...(others.labels as Labels), values: shifted } });
  assert.ok(Math.abs(wrong - (1 - right)) < 1e-9, `${wrong} beside ${right}`);
});

test('a signal ends it before its accuracy is taken', async () => {
  const stop = new AbortController();
  let told = 0;
  const onProgress = ({ step, steps }: { step: number; steps: number }) => {
    if (step === steps) stop.abort(new Error('enough'));
  };
  const onEpoch = async () => void told++;
  const ended = await learn(corners(60), ['nw'], { epochs: 1, signal: stop.signal, onProgress, onEpoch }).then(
    () => 'not at all',
    (error: Error) => error.message,
  );
  assert.equal([ended, told], ['enough', 0]);
});

test('it is told of after every epoch, as it is by then', async () => {
  const told: TrainedExtractor[] = [];
  let updates = 0;
  const last = await learn(corners(240), ['sw'], {
    onEpoch: async (one: TrainedExtractor) => void told.push(one),
    onProgress: ({ steps }: { steps: number }) => {
      updates = steps;
    },
  });
  assert.is(updates, 3 * Math.floor(200 / OPTIONS.batch));
  assert.equal(
    told.map(({ training: { epochs } }) => epochs),
    [1, 2, 3],
  );
  assert.is(told[2], last);
  const biases = told.map(({ weights }) => weights.get('extractor.layer3.bias')?.[0]);
  assert.is(new Set(biases).size, 3);
});

test('its files hold all of it, and say when they are not what was written', async () => {
  const path = join(temporaryFolder(), 'deep', 'epoch-03.safetensors');
  const { sha256 } = await writeExtractor(path, trained);
  const { weights, ...about } = trained;
  assert.equal(await describeExtractor(path), { ...about, sha256 });
  const [size] = trained.size;
  const config = (labels: string[], changes = {}) => ({
    ...{ size, channels: trained.channels },
    ...{ extractor: { measures: [], labels, weight: 1, learningRate: 1, smoothing: 0 } },
    ...changes,
  });

  const both = await pretrainedWeights(config(['sw', 'nw']), path);
  assert.equal([...both], [...weights]);
  // The other way round, or one alone: those columns of the last layer.
  const bias = weights.get('extractor.layer3.bias') as Float32Array;
  const weight = weights.get('extractor.layer3.weight') as Float32Array;
  const turned = await pretrainedWeights(config(['nw', 'sw']), path);
  assert.equal([...(turned.get('extractor.layer3.bias') ?? [])], [bias[1], bias[0]]);
  const one = await pretrainedWeights(config(['nw']), path);
  assert.equal(
    one.get('extractor.layer3.weight'),
    weight.filter((_, i) => i % 2 === 1),
  );

  await rejects(
    () => pretrainedWeights(config(['ne']), path),
    'extractor_label',
    /does not read 'ne'\..* It reads sw, nw/,
  );
  await rejects(
    () => pretrainedWeights(config(['sw'], { size: 24 }), path),
    'extractor_size',
    new RegExp(`reads images of ${size}x${size}x1, but the run makes 24x24x1`),
  );
  await rejects(() => pretrainedWeights(config(['sw'], { channels: 3 }), path), 'extractor_size');

  await rejects(() => describeExtractor(join(temporaryFolder(), 'x.json')), 'extractor_missing', /An extractor is two/);
  const description = path.replace('.safetensors', '.json');
  const text = readFileSync(description, 'utf8');
  writeFileSync(description, text.replace('gannet-extractor', 'gannet-classifier'));
  await rejects(() => describeExtractor(path), 'extractor_format', /does not describe an extractor: format/);
  writeFileSync(
    description,
    text.replace(
      sha256,
      sha256.replace(/^./, (first) => (first === '0' ? '1' : '0')),
    ),
  );
  await rejects(() => describeExtractor(path), 'extractor_corrupt');
});

test('labels that cannot be learnt are refused: of no image, of all, not there, or of images without any', async () => {
  const data = corners(60);
  await rejects(() => learn(withAttributes(data), ['bright']), 'label_one_sided', /no image has 'bright'/);
  const all = { ...data, labels: { kind: 'classes' as const, names: ['nw'], values: new Int32Array(60) } };
  await rejects(() => learn(all, ['nw']), 'label_one_sided', /all images have 'nw'/);
  await rejects(() => learn(data, ['se']), 'label_unknown');
  const { labels: _, ...bare } = data;
  await rejects(() => learn(bare, ['nw']), 'data_unlabelled');
});

test('a training without an epoch, or towards the wrong targets, is refused', async () => {
  for (const wrong of [{ epochs: 0 }, { epochs: 1.5 }, { smoothing: 0.5 }, { smoothing: -0.1 }])
    await rejects(() => learn(corners(60), ['nw'], wrong), 'extractor_training', /from 1 on, with a smoothing from 0/);
});

test.run();
