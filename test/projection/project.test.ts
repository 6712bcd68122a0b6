import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { composeImage, type ImageBatch } from '../../src/data/index.ts';
import { type Explorer, openExplorer } from '../../src/explore/index.ts';
import { type Latent, subtract } from '../../src/explore/vectors.ts';
import { projectImages, projectionStrip } from '../../src/projection/index.ts';
import { chooseLabel, expectConditional } from '../../src/train/index.ts';
import { rejects } from '../data/rejects.ts';
import { closeTo } from '../explore/close_to.ts';
import { contrastyRun, drawn, withExplorer } from './runs.ts';

const numbers = (latents: readonly Latent[]): number[] => latents.flatMap((latent) => [...latent]);

/** One image of a batch, as a batch. */
function only({ data, shape: [count, ...image] }: ImageBatch, index: number): ImageBatch {
  const elements = data.length / count;
  return { data: data.slice(index * elements, (index + 1) * elements), shape: [1, ...image] };
}

const DISTRIBUTIONS: Record<string, ConfigChanges> = {
  'normal numbers': {},
  'uniform numbers': { recipe: 'wgan-gp', latent: { size: 4, distribution: 'uniform' } },
  'numbers from 0 to 1': { latent: { size: 4, distribution: 'unit' } },
  descriptors: { recipe: 'began', weights: 'glorot' },
  'noise and a representative variable': { recipe: 'extractor-gan', extractor: { measures: ['brightness'] } },
  'an averaged generator': { ema: { halfLife: 10 } },
};

/** The latent of a start that is the same for all images, of seed 1. */
function sharedStart({ space }: Explorer, name: string): Latent | undefined {
  const random = name.match(/^random (\d)$/)?.[1];
  return random === undefined ? space.origin : space.draw(4, 1)[Number(random)];
}

for (const [kind, changes] of Object.entries(DISTRIBUTIONS)) {
  test(`the image of a latent leads back to it: ${kind}`, () =>
    withExplorer(changes, async (explorer) => {
      const latents = explorer.space.draw(3, 5);
      const images = await drawn(explorer, latents);
      const found = await projectImages(explorer, images);
      const encoded = await explorer.encode?.(images);
      for (const [i, { latent, distance, way, start }] of found.entries()) {
        assert.ok((way[0]?.distance as number) > 0.1, 'it begins elsewhere');
        const begun = start === 'encoder' ? encoded?.[i] : sharedStart(explorer, start);
        closeTo(way[0]?.latent ?? [], begun ?? [], 1e-4);
        assert.ok(distance < 0.01, `${distance} levels`);
        closeTo(latent, latents[i] ?? [], 1e-3);
      }
    }));
}

test('the way goes from a start to the result, and each picture is that of its latent', () =>
  withExplorer({}, async (explorer) => {
    const images = await drawn(explorer, explorer.space.draw(1, 5));
    const [projection] = await projectImages(explorer, images, { starts: 2, steps: 60 });
    assert.ok(projection);
    const { way, searches, start, latent, distance } = projection;
    assert.equal(
      way.map(({ step }) => step),
      [0, 2, 6, 20, 60],
    );
    closeTo(way[0]?.latent ?? [], sharedStart(explorer, start) ?? [], 1e-6);
    assert.equal([way.at(-1)?.latent, way.at(-1)?.distance], [latent, distance]);
    const again = await drawn(
      explorer,
      way.map((moment) => moment.latent),
    );
    for (const [i, { picture }] of way.entries()) assert.equal(picture, composeImage(again, i));
    assert.equal(
      searches.map((search) => search.start),
      ['centre', 'random 0'],
    );
    const least = Math.min(...searches.map(({ loss }) => loss));
    assert.is(searches.find((search) => search.start === start)?.loss, least, 'the best of them is kept');
    // The loss is the mean square of pixels from -1 to 1.
    assert.ok(Math.abs(Math.sqrt(least) * 127.5 - distance) < 1e-3);
    const { width, height } = await projectionStrip(projection, images, 0);
    assert.ok(width > 6 * 64 && height > 64, 'the image and five moments, 64 pixels each');
  }));

test('what is found for an image does not depend on those beside it, nor on the time', () =>
  withExplorer({}, async (explorer, folder) => {
    const images = await drawn(explorer, explorer.space.draw(5, 5));
    const options = { starts: 4, steps: 20, seed: 3 };
    const together = await projectImages(explorer, images, options);
    const [alone] = await projectImages(explorer, only(images, 4), options);
    assert.equal(alone, together[4]);
    const another = await openExplorer(folder);
    assert.equal(await projectImages(another, images, options), together);
    another.close();
    const [other] = await projectImages(explorer, only(images, 4), { ...options, seed: 4 });
    assert.not.equal(other?.searches, alone?.searches, 'the seed decides the random starts');
    assert.is(other?.searches[0]?.loss, alone?.searches[0]?.loss, 'but not the centre');
  }));

test('latents stay where they are drawn, whatever the image', async () => {
  const white = (): ImageBatch => ({ data: new Float32Array(256).fill(1), shape: [1, 16, 16, 1] });
  const search = (changes: ConfigChanges) =>
    withExplorer(changes, async (explorer) => {
      const projections = await projectImages(explorer, white(), { steps: 60, learningRate: 10 });
      return projections.flatMap(({ way }) => way.map(({ latent }) => latent));
    });
  const uniform = numbers(await search({ latent: { size: 4, distribution: 'uniform' } }));
  assert.equal([Math.min(...uniform), Math.max(...uniform)], [-1, 1]);
  const unit = numbers(await search({ latent: { size: 4, distribution: 'unit' } }));
  assert.equal([Math.min(...unit), Math.max(...unit)], [0, 1]);
  // 18.47 is the 0.999 quantile of chi-squared with 4 degrees of freedom.
  const longest = Math.max(...(await search({})).map((latent) => Math.hypot(...latent)));
  assert.ok(Math.abs(longest - Math.sqrt(18.47)) < 0.05, `${longest}`);
  const told = await search({ recipe: 'extractor-gan', extractor: { measures: ['brightness'] } });
  const variables = told.map((latent) => latent[4] as number);
  assert.ok(Math.min(...variables) >= 0 && Math.max(...variables) <= 1);
});

test("a BEGAN's search begins at what its encoder says", () =>
  withExplorer({ recipe: 'began', weights: 'glorot' }, async (explorer) => {
    const images = await drawn(explorer, explorer.space.draw(2, 5));
    const descriptors = (await explorer.encode?.(images)) as Latent[];
    assert.is(descriptors.length, 2);
    assert.not.equal(descriptors[0], descriptors[1], 'the weights of the encoder are those of the checkpoint');
    const found = await projectImages(explorer, images, { starts: 1, steps: 1 });
    for (const [i, { way, start }] of found.entries()) {
      assert.is(start, 'encoder');
      closeTo(way[0]?.latent ?? [], descriptors[i] ?? [], 1e-4);
    }
  }));

test('features: the square of their distance in parts of that of the image is added, by its weight', () =>
  withExplorer({ recipe: 'began', weights: 'glorot' }, async (explorer) => {
    const images = await drawn(explorer, explorer.space.draw(2, 5));
    const options = { starts: 1, steps: 1, features: 'encoder', featureWeight: 0.5 };
    const found = await projectImages(explorer, images, options);
    const encode = async (batch: ImageBatch) => (await explorer.encode?.(batch)) as Latent[];
    const wanted = await encode(images);
    for (const [i, { latent, distance, searches }] of found.entries()) {
      const [features] = await encode(await drawn(explorer, [latent]));
      const target = wanted[i] as Latent;
      const relative = (Math.hypot(...subtract(features as Latent, target)) / Math.hypot(...target)) ** 2;
      const expected = (distance / 127.5) ** 2 + 0.5 * relative;
      assert.ok(relative > 1e-6, 'the features differ');
      closeTo([(searches[0]?.loss as number) / expected], [1], 1e-4);
    }
  }));

test('of a conditional run every class is tried, or the one that is asked for', () =>
  withExplorer({ recipe: 'dcgan-digits-conditional' }, async (explorer) => {
    const label = chooseLabel(expectConditional(explorer.session.model.config), '7');
    const latents = explorer.space.draw(1, 5);
    const images = await drawn(explorer, latents, label);
    const [tried] = await projectImages(explorer, images, { starts: 2 });
    assert.is(tried?.searches.length, 20);
    assert.is(tried?.label, '7');
    closeTo(tried?.latent ?? [], latents[0] ?? [], 1e-3);
    const other = chooseLabel(expectConditional(explorer.session.model.config), '3');
    const [asked] = await projectImages(explorer, images, { starts: 2, steps: 5, labels: [other] });
    assert.equal([asked?.label, asked?.searches.map((search) => search.label)], ['3', ['3', '3']]);
  }));

test('a simulated GPU finds what the processor finds', async () => {
  const folder = await contrastyRun({ model: { width: 2 } });
  const search = async (device: 'cpu' | 'simt') => {
    const explorer = await openExplorer(folder, { device, precision: 'float32' });
    const images = await drawn(explorer, explorer.space.draw(1, 5));
    const found = await projectImages(explorer, images, { starts: 1, steps: 3 });
    explorer.close();
    return numbers(found.map(({ latent }) => latent));
  };
  closeTo(await search('simt'), await search('cpu'), 1e-3);
});

test('bad input is refused before anything runs', () =>
  withExplorer({}, async (explorer) => {
    const images = await drawn(explorer, explorer.space.draw(1, 5));
    await rejects(() => projectImages(explorer, images, { starts: 0 }), 'projection_settings', /received 0, 300/);
    await rejects(() => projectImages(explorer, images, { steps: 1.5 }), 'projection_settings');
    await rejects(() => projectImages(explorer, images, { learningRate: 0 }), 'projection_settings');
    await rejects(() => projectImages(explorer, images, { featureWeight: -1 }), 'projection_settings');
    const colour: ImageBatch = { data: new Float32Array(768), shape: [1, 16, 16, 3] };
    await rejects(() => projectImages(explorer, colour), 'projection_images', /\[16,16,1\].*\[1,16,16,3\]/);
    await rejects(() => projectImages(explorer, images, { features: 'encoder' }), 'projection_features', /BEGAN/);
    await rejects(() => projectImages(explorer, images, { features: 'vgg' }), 'projection_features', /'vgg'/);
    const labels = [{ name: '7', vector: new Float32Array(10) }];
    await rejects(() => projectImages(explorer, images, { labels }), 'run_unconditional');
    const signal = AbortSignal.abort(new Error('enough'));
    const ended = await projectImages(explorer, images, { signal }).catch((error: Error) => error);
    assert.is((ended as Error).message, 'enough');
  }));

test.run();
