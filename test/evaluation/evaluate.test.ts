import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ImageFormat } from '../../src/data/index.ts';
import { unitToBytes } from '../../src/data/pixels.ts';
import type { DataError } from '../../src/errors.ts';
import { evaluateRun } from '../../src/evaluation/evaluate.ts';
import type { FeatureExtractor } from '../../src/metrics/features/extractor.ts';
import { pixelFeatures, projectedPixels } from '../../src/metrics/features/pixels.ts';
import { openSampler, train } from '../../src/train/index.ts';
import { uniformPng } from '../data/pictures.ts';
import { rejects } from '../data/rejects.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { noiseRun } from '../explore/runs.ts';
import { eventsOf, tinyConfig, tinyData } from '../train/tiny.ts';

let run = '';
test.before(async () => {
  run = await noiseRun();
});

test('a run is measured beside the images that it was trained on', async () => {
  const seen: string[] = [];
  const { evaluation, neighbours } = await evaluateRun(run, {
    onProgress: (phase, done, total) => seen.push(`${phase} ${done}/${total}`),
  });
  const { figures, warnings, ...about } = evaluation;
  assert.equal(
    { ...about, fingerprint: '', features: about.features.name },
    {
      ...{ recipe: 'dcgan-digits', step: 2, data: tinyData(), fingerprint: '', features: 'pixels' },
      ...{ count: 40, seed: 1, neighbours: 5 },
    },
  );
  assert.match(evaluation.fingerprint, /^[0-9a-f]{64}$/);
  assert.is(evaluation.features.columns, 16 * 16);
  // Two steps of training draw nothing like the data: its images are noise.
  assert.ok(figures.frechet > 1 && figures.kernel.mean > 0.1);
  assert.is(figures.coverage, 0);
  assert.equal([figures.kernel.blocks, figures.kernel.blockSize], [100, 20]);
  assert.equal(
    figures.slicedWasserstein?.map(({ side }) => side),
    [16],
  );
  assert.ok((figures.similarity?.generated ?? 0) > (figures.similarity?.real ?? 1), 'generated images are more alike');
  assert.is(figures.classes, undefined);
  assert.equal(seen, ['real 40/40', 'generated 40/40']);
  assert.equal(
    warnings.map((warning) => warning.split(':')[0]),
    ['40 images of either kind', 'no more images (40) than feature columns (256)'],
  );
  assert.is(neighbours.channels, 1);
});

test('a conditional run is measured with the labels of the real images, which its data must have', async () => {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(tinyConfig({ recipe: 'dcgan-digits-conditional', steps: 2 }), { out }));
  const frechet = async (data?: string) => (await evaluateRun(out, { data, count: 8 })).evaluation.figures.frechet;
  assert.ok((await frechet()) > 0);
  const unlabelled = temporaryFolder(
    Object.fromEntries(
      await Promise.all([...Array(8).keys()].map(async (i) => [`${i}.png`, await uniformPng(16, 16, [i])])),
    ),
  );
  await rejects(() => frechet(unlabelled), 'data_unlabelled', /needs labels/);
});

test('figures repeat by their seed, and another seed draws other images', async () => {
  const frechet = async (seed: number) => (await evaluateRun(run, { seed, count: 20 })).evaluation.figures.frechet;
  const first = await frechet(3);
  assert.is(await frechet(3), first);
  assert.is.not(await frechet(4), first);
});

test('other data, features and checkpoints can be named', async () => {
  const { evaluation } = await evaluateRun(run, {
    data: tinyData(),
    features: projectedPixels,
    count: 12,
    step: 2,
    neighbours: 3,
  });
  assert.equal([evaluation.features.name, evaluation.features.columns, evaluation.count], ['projection', 256, 12]);
  assert.is(evaluation.neighbours, 3);
});

test('generated images are those that are sampled with the seed, rounded to bytes', async () => {
  const seen: Uint8Array[] = [];
  const pixels = (format: ImageFormat): FeatureExtractor => {
    const extractor = pixelFeatures(format);
    const extract: FeatureExtractor['extract'] = (images) => {
      seen.push(images.pixels);
      return extractor.extract(images);
    };
    return { ...extractor, extract };
  };
  await evaluateRun(run, { seed: 3, count: 12, features: pixels });
  const session = await openSampler(run);
  const { data } = await session.sample(await session.drawLatents(12, 3));
  session.close();
  assert.is(seen.length, 2);
  assert.ok(unitToBytes(data).every((byte, at) => byte === seen[1]?.[at]));
});

/** Says of real images which class they are, and the same in the same order, moved on by `shift`, of the generated ones. */
const knowing =
  (shift: number, classes: readonly string[]) =>
  ({ size }: ImageFormat): FeatureExtractor => {
    const [told, rows]: [number[], number[]] = [[], []];
    const area = size[0] * size[1];
    return {
      ...{ name: 'knowing', hash: 'none', columns: 1, classes, close: () => {} },
      // Picture n of the tiny data begins with pixel n, and is of class n mod 10. All 40 images come in one batch.
      extract: async ({ count, pixels }) => {
        const real = Array.from({ length: count }, (_, image) => (pixels[image * area] as number) % 10);
        if (told.length === 0) told.push(...real);
        const classesTold = rows.length === 0 ? real : told.map((value) => (value + shift) % 10);
        rows.push(count);
        const probabilities = new Float32Array(count * 10);
        for (const [image, value] of classesTold.entries()) probabilities[image * 10 + value] = 1;
        return { features: Float32Array.from(classesTold), probabilities };
      },
    };
  };

test('of a conditional run it is told how often an image is of the class asked for, which are those of the real images', async () => {
  const out = join(temporaryFolder(), 'run');
  await eventsOf(train(tinyConfig({ recipe: 'dcgan-digits-conditional', steps: 2 }), { out }));
  const accuracyOf = async (shift: number, classes: readonly string[] = [...'0123456789']) => {
    const { evaluation } = await evaluateRun(out, { features: knowing(shift, classes) });
    return { accuracy: evaluation.figures.classAccuracy, warnings: evaluation.warnings.join('\n') };
  };
  const { accuracy, warnings } = await accuracyOf(0);
  assert.is(accuracy?.overall, 1);
  assert.equal(Object.keys(accuracy?.byClass ?? {}).sort(), [...'0123456789']);
  assert.not.match(warnings, 'class asked for');
  assert.is((await accuracyOf(1)).accuracy?.overall, 0);
  const stranger = await accuracyOf(0, [...'abcdefghij']);
  assert.is(stranger.accuracy, undefined);
  assert.match(stranger.warnings, /knowing knows no class '\d' of the run/);
});

const codeOf = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'nothing',
    (error: DataError) => error.code,
  );

test('more images than there are, too few, and runs without checkpoints are refused', async () => {
  assert.is(await codeOf(evaluateRun(run, { count: 41 })), 'samples_few');
  assert.is(await codeOf(evaluateRun(run, { count: 5 })), 'samples_few');
  assert.is(await codeOf(evaluateRun(run, { step: 1 })), 'checkpoint_missing');
  assert.is(await codeOf(evaluateRun(temporaryFolder())), 'checkpoint_missing');
  assert.is(await codeOf(evaluateRun(run, { data: join(run, 'nowhere') })), 'data_unknown');
});

test('a network that yields no numbers is refused, and closed', async () => {
  let closed = 0;
  const broken: FeatureExtractor = {
    name: 'broken',
    hash: '',
    columns: 1,
    extract: async ({ count }) => ({ features: new Float32Array(count).fill(Number.NaN) }),
    close: () => closed++,
  };
  assert.is(await codeOf(evaluateRun(run, { features: () => broken })), 'features_not_finite');
  assert.is(closed, 1);
});

test('it can be told to end while the figures are computed, too', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  let drawn = false;
  const measuring = evaluateRun(run, {
    signal: controller.signal,
    onProgress: (phase, done, total) => {
      if (phase !== 'generated' || done < total) return;
      drawn = true;
      // By then all images are drawn and measuring has begun.
      setImmediate(() => setImmediate(() => controller.abort(reason)));
    },
  });
  await measuring.then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error, reason),
  );
  assert.ok(drawn);
});

test('an evaluation ends where it is told to', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await evaluateRun(run, { signal }).then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'enough'),
  );
});

test.run();
