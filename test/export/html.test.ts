import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unitToBytes } from '../../src/data/pixels.ts';
import { interpolate, openExplorer } from '../../src/explore/index.ts';
import { pageText, readPage } from '../../src/export/html/page.ts';
import { exportRun } from '../../src/export/index.ts';
import { openSampler } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { CHROMIUM, NO_CHROMIUM } from '../watch/browser.ts';
import { madeUpRun, smallConfig } from './runs.ts';

const test = suite('exported page');
if (CHROMIUM === undefined) console.log(`${NO_CHROMIUM}: the tests of exported pages are skipped`);
const withBrowser = (CHROMIUM ? test : test.skip) as typeof test;

let browser: Promise<Browser> | undefined;
test.after(async () => (await browser)?.close());

/** Levels of 256 by which a picture in the browser may be off: its GPU, or what stands for one, adds in another order. */
const LEVELS = 2;

/** Opens the page of a run, and waits until it has drawn all. What goes wrong in it, or is asked of elsewhere, is told as `problems`. */
async function openExported(run: string): Promise<{ page: Page; problems: string[] }> {
  const { path } = await exportRun(run, { to: 'html', check: false, out: join(temporaryFolder(), 'page.html') });
  browser ??= chromium.launch({ executablePath: CHROMIUM as string, args: ['--no-sandbox'] });
  const page = await (await browser).newPage();
  const problems: string[] = [];
  const address = pathToFileURL(path).href;
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('request', (request) => request.url() !== address && problems.push(`asked for ${request.url()}`));
  await page.goto(address);
  await drawn(page);
  return { page, problems };
}

const drawn = (page: Page): Promise<unknown> => page.locator('body[data-state=ready]').waitFor({ timeout: 60_000 });

/** Of a list of canvases, the bytes [H,W,4] of each. It runs in the page, whose types are not known here. */
const READ_CANVASES = new Function(
  'list',
  "return list.map((canvas) => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data])",
) as (list: unknown[]) => number[][];

/** What lies behind an element. It runs in the page. */
const BEHIND = new Function('element', 'return getComputedStyle(element).backgroundImage') as (
  element: unknown,
) => string;

/** The bytes of the pictures [H,W,C] on canvases. */
async function picturesOn(canvases: Locator, channels: number): Promise<number[][]> {
  const pixels = await canvases.evaluateAll(READ_CANVASES);
  return pixels.map((rgba) => rgba.filter((_, i) => i % 4 < channels));
}

const grid = (page: Page): Locator => page.locator('#grid canvas');
const large = (page: Page): Locator => page.locator('#large canvas');

function assertPictures(shown: readonly number[][], expected: readonly Uint8Array[], what: string): void {
  assert.is(shown.length, expected.length, what);
  for (const [i, picture] of shown.entries()) {
    assert.is(picture.length, expected[i]?.length, what);
    const worst = Math.max(...picture.map((value, j) => Math.abs(value - (expected[i]?.[j] as number))));
    assert.ok(worst <= LEVELS, `${what}: picture ${i} is off by ${worst} levels`);
  }
}

const apart = (a: readonly number[][], b: readonly number[][]): number =>
  Math.max(...a.flatMap((picture, i) => picture.map((value, j) => Math.abs(value - (b[i]?.[j] as number)))));

withBrowser('a page shows the pictures of gannet for any seed and class, and changes them', async () => {
  const run = await madeUpRun(
    smallConfig('dcgan-digits-conditional', { size: 16, latent: { size: 12 }, model: { width: 4 } }),
  );
  const session = await openSampler(run);
  const { page, problems } = await openExported(run);
  const picturesOf = async (latents: Float32Array, label: number): Promise<Uint8Array[]> => {
    const count = latents.length / 12;
    const labels = new Float32Array(10 * count).map((_, i) => Number(i % 10 === label));
    const bytes = unitToBytes((await session.sample(latents, labels)).data);
    return Array.from({ length: count }, (_, i) => bytes.subarray(256 * i, 256 * (i + 1)));
  };
  try {
    const first = await session.drawLatents(16, 1);
    assertPictures(await picturesOn(grid(page), 1), await picturesOf(first, 0), 'seed 1');

    await page.getByLabel('seed').fill('12345678901');
    await page.getByLabel('seed').press('Enter');
    await drawn(page);
    const latents = await session.drawLatents(16, 12345678901);
    assertPictures(await picturesOn(grid(page), 1), await picturesOf(latents, 0), 'another seed');

    await page.getByRole('button', { name: '7', exact: true }).click();
    await drawn(page);
    const sevens = await picturesOf(latents, 7);
    assertPictures(await picturesOn(grid(page), 1), sevens, 'class 7');

    assertPictures(await picturesOn(large(page), 1), sevens.slice(0, 1), 'the first is chosen');
    await page.getByLabel('along').selectOption('numbers');
    await page.getByRole('slider', { name: 'z3' }).fill('2.5');
    await drawn(page);
    const moved = latents.slice(0, 12);
    moved[3] = (moved[3] as number) + 2.5;
    const changed = await picturesOn(large(page), 1);
    assertPictures(changed, await picturesOf(moved, 7), 'z3 moved by 2.5');
    assert.ok(apart(changed, await picturesOn(grid(page).nth(0), 1)) > 20, 'a slider changes the picture');
    await page.getByRole('button', { name: 'Reset' }).click();
    await drawn(page);
    assertPictures(await picturesOn(large(page), 1), sevens.slice(0, 1), 'sliders put to 0');

    await page.getByLabel('from', { exact: true }).fill('99');
    await page.getByLabel('from', { exact: true }).press('Enter');
    await page.getByRole('slider', { name: 'z11' }).fill('-2');
    await drawn(page);
    const last = latents.slice(0, 12);
    last[11] = (last[11] as number) - 2;
    assertPictures(await picturesOn(large(page), 1), await picturesOf(last, 7), 'the last number moved by -2');

    await page.getByRole('button', { name: 'choose picture 4' }).click();
    await drawn(page);
    assertPictures(await picturesOn(large(page), 1), sevens.slice(4, 5), 'another picture is not moved');
    const back = await picturesOn(page.locator('#strip canvas'), 1);
    assertPictures([back[8] as number[]], sevens.slice(0, 1), 'what was A becomes B');
    await page.getByRole('button', { name: 'choose picture 9' }).click({ modifiers: ['Shift'] });
    await drawn(page);
    const way = await picturesOn(page.locator('#strip canvas'), 1);
    assertPictures([way[0] as number[]], sevens.slice(4, 5), 'the way begins at A');
    assertPictures([way[8] as number[]], sevens.slice(9, 10), 'the way ends at B');
    const at = (i: number) => Float64Array.from(latents.subarray(12 * i, 12 * (i + 1)));
    const path = interpolate(at(4), at(9), 9, 'spherical');
    assertPictures([way[4] as number[]], await picturesOf(Float32Array.from(path[4] ?? []), 7), 'its middle');
    await page.getByRole('slider', { name: 'from A to B' }).fill('1');
    await drawn(page);
    assertPictures(await picturesOn(page.locator('#middle canvas'), 1), sevens.slice(9, 10), 'the slider at B');

    await page.getByRole('button', { name: 'Next seed' }).click();
    await drawn(page);
    const next = await session.drawLatents(16, 12345678902);
    assertPictures(await picturesOn(grid(page), 1), await picturesOf(next, 7), 'the next seed');
    await page.getByLabel('seed').fill('-3');
    await page.getByLabel('seed').press('Enter');
    assert.is(await page.getByLabel('seed').inputValue(), '0', 'no seed is below 0');
    assert.equal(problems, []);
  } finally {
    session.close();
    await page.close();
  }
});

withBrowser('the page of a BEGAN draws from its descriptors and moves along their eigendirections', async () => {
  const run = await madeUpRun(smallConfig('began', { size: 16, latent: { size: 6 }, model: { width: 4 } }));
  const explorer = await openExplorer(run);
  const { page, problems } = await openExported(run);
  try {
    const { session, space } = explorer;
    const picturesOf = async (latents: Float32Array): Promise<Uint8Array[]> => {
      const bytes = unitToBytes((await session.sample(latents)).data);
      return Array.from({ length: latents.length / 6 }, (_, i) => bytes.subarray(768 * i, 768 * (i + 1)));
    };
    const latents = await session.drawLatents(16, 1);
    assertPictures(await picturesOn(grid(page), 3), await picturesOf(latents), 'seed 1');
    await page.getByRole('slider', { name: 'direction 2' }).fill('-3');
    await drawn(page);
    const direction = (await space.directions())[2];
    assert.ok(direction);
    const moved = latents
      .slice(0, 6)
      .map((value, i) => value - 3 * direction.deviation * (direction.vector[i] as number));
    assertPictures(await picturesOn(large(page), 3), await picturesOf(moved), 'direction 2 by -3 deviations');
    assert.equal(problems, []);
  } finally {
    explorer.close();
    await page.close();
  }
});

withBrowser('the page of an Extractor GAN draws representative variables behind the noise', async () => {
  const run = await madeUpRun(smallConfig('extractor-gan', { model: { width: 2 } }));
  const session = await openSampler(run);
  const { page, problems } = await openExported(run);
  try {
    const { data, shape } = await session.sample(await session.drawLatents(16, 1));
    const [size, bytes] = [data.length / shape[0], unitToBytes(data)];
    const expected = Array.from({ length: 16 }, (_, i) => bytes.subarray(size * i, size * (i + 1)));
    assertPictures(await picturesOn(grid(page), shape[3]), expected, 'seed 1');
    assert.equal(problems, []);
  } finally {
    session.close();
    await page.close();
  }
});

withBrowser('a page draws transparency over checks', async () => {
  const run = await madeUpRun(smallConfig('dcgan-digits', { size: 16, channels: 4, model: { width: 2 } }));
  const session = await openSampler(run);
  const { page, problems } = await openExported(run);
  try {
    const drawn = unitToBytes((await session.sample(await session.drawLatents(16, 1))).data);
    const shown = (await picturesOn(grid(page), 4)).flat();
    assert.is(shown.length, drawn.length);
    // A canvas keeps colours multiplied by their opacity, so that faint ones come back rounded.
    const worst = Math.max(
      ...shown.map((value, i) => {
        const opacity = drawn[i | 3] as number;
        return Math.abs(value - (drawn[i] as number)) * (i % 4 === 3 ? 1 : opacity / 255);
      }),
    );
    assert.ok(worst <= LEVELS, `off by ${worst} levels`);
    assert.match(String(await large(page).evaluate(BEHIND)), 'conic-gradient');
    assert.equal(problems, []);
  } finally {
    session.close();
    await page.close();
  }
});

test('names of a page are text, whatever they look like', async () => {
  const { path } = await exportRun(await madeUpRun(smallConfig('dcgan-digits', { size: 16, model: { width: 2 } })), {
    ...{ to: 'html', check: false, out: join(temporaryFolder(), 'page.html') },
  });
  const { about, weights } = readPage(readFileSync(path, 'utf8'));
  const description = { ...about.description, recipe: '</script><i>&' };
  const text = pageText({ about: { ...about, description }, weights, script: '', style: '' });
  assert.not.match(text, '<i>');
  assert.match(text, '<h1>&lt;/script>&lt;i>&amp;, step 7</h1>');
  assert.equal(readPage(text).about.description, description);
  assert.equal(readPage(text).weights, weights);
});

test.run();
