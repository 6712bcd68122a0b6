import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { train } from '../../src/train/index.ts';
import { openWatch } from '../../src/watch/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { tinyConfig } from '../train/tiny.ts';
import { pagesOf, runInBrowser, seriousFaults, until } from './browser.ts';
import { folderOf, histogramsLine, metricsLine } from './runs.ts';

const test = suite('watch page');
const show = pagesOf(test);

/** It runs in the page, whose types are not known here. */
const BACKGROUND = new Function('element', 'return getComputedStyle(element).backgroundImage') as (
  element: unknown,
) => string;

/** Waits until a slider tells a text of its value. */
const told = (slider: Locator, text: RegExp): Promise<void> =>
  until(async () => text.test((await slider.getAttribute('aria-valuetext')) ?? ''));

const textsOf = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allInnerTexts();

/** A run with `count` points of two losses. */
const written = (count: number, width = 8) => ({
  config: { model: { width } },
  metrics: Array.from({ length: count }, (_, i) =>
    metricsLine(
      10 * (i + 1),
      { discriminatorLoss: 1 + Math.sin(i), generatorLoss: 2 + Math.cos(i) },
      { processors: 1.5, memoryBytes: (i + 1) * 2 ** 28 },
    ),
  ),
  histograms: Array.from({ length: count }, (_, i) => histogramsLine(10 * (i + 1), [i, 4, 2])),
  log: ['started on cpu', 'warning at step 20: the samples are alike', `finished at step ${10 * count}`],
  grids: [10, 20, 30],
});

test('a run that trains appears, its curves and samples grow, it draws when asked, and stops when asked', async () => {
  const root = temporaryFolder();
  const { page, problems } = await show(root);
  await page.getByText('There are no runs here yet').waitFor();
  const config = tinyConfig({ steps: 100_000, logEvery: 2, sampleEvery: 100_000, checkpointEvery: 100_000 });
  let reason = '';
  const training = (async () => {
    for await (const event of train(config, { out: join(root, 'digits') }))
      if (event.type === 'end') reason = event.reason;
  })();
  await page.getByRole('link', { name: /digits/ }).click();
  await page.locator('.state.running').waitFor();
  const step = page.locator('.facts dd').nth(1);
  const curve = page.getByRole('slider', { name: 'losses over step' });
  await told(curve, /^now: .*lossG [\d.]+/);
  const [before, stepBefore] = [await curve.getAttribute('aria-valuetext'), await step.innerText()];
  await until(async () => (await curve.getAttribute('aria-valuetext')) !== before);
  await until(async () => (await step.innerText()) !== stepBefore);
  await page.getByRole('button', { name: 'Draw samples now' }).click();
  await page.getByRole('tab', { name: 'Samples' }).click();
  await page.getByRole('img', { name: /samples of digits at step/ }).waitFor();
  await page.getByRole('button', { name: 'Stop and save' }).click();
  await page.getByRole('button', { name: 'Yes, save and stop' }).click();
  await page.locator('.state.stopped').waitFor();
  await training;
  assert.is(reason, 'interrupted');
  assert.equal(await page.getByRole('button', { name: 'Stop and save' }).count(), 0);
  assert.equal(problems, []);
});

test('the list is found through, filtered and sorted, and its address keeps all that', async () => {
  const root = folderOf({ beta: written(3), alpha: written(5), lost: { log: ['started on cpu'] } });
  const { page, watch } = await show(root);
  await page.getByRole('combobox', { name: 'Sort by' }).selectOption('name');
  assert.equal(await textsOf(page, '.run strong'), ['alpha', 'beta', 'lost']);
  await page.getByRole('button', { name: /crashed/ }).click();
  assert.equal(await textsOf(page, '.run strong'), ['lost']);
  await page.getByRole('button', { name: /^all/ }).click();
  await page.getByRole('searchbox').fill('LPH');
  assert.equal(await textsOf(page, '.run strong'), ['alpha']);
  const address = new URL(page.url()).hash;
  await page.goto('about:blank');
  await page.goto(watch.url + address);
  await page.locator('.run').first().waitFor();
  assert.equal(await textsOf(page, '.run strong'), ['alpha']);
});

test('pictures lie on checks, which show where they are transparent', async () => {
  const root = folderOf({ a: written(3) });
  const { page } = await show(root);
  const behind = (selector: string) => page.locator(selector).evaluate(BACKGROUND);
  assert.match(await behind('.thumb'), 'conic-gradient');
  await page.getByRole('link', { name: /^a/ }).click();
  await page.getByRole('tab', { name: 'Samples' }).click();
  await page.getByRole('img', { name: 'samples of a at step 30' }).waitFor();
  assert.match(await behind('.picture img'), 'conic-gradient');
});

test('a run that went while the server was away is gone from the list', async () => {
  const root = folderOf({ alpha: {}, beta: {} });
  const { page } = await show(root);
  const first = await openWatch(root, { port: 0, token: 'same' });
  await page.goto(first.url);
  await page.getByRole('link', { name: /beta/ }).waitFor();
  await first.close();
  await page.locator('.link.broken').waitFor();
  rmSync(join(root, 'beta'), { recursive: true });
  const second = await openWatch(root, { port: Number(new URL(first.url).port), token: 'same' });
  await page.locator('.link:not(.broken)').waitFor();
  await page.getByRole('link', { name: /beta/ }).waitFor({ state: 'detached' });
  assert.equal(await textsOf(page, '.run strong'), ['alpha']);
  await second.close();
});

test('runs are compared: their curves over each other, and the settings that differ', async () => {
  const root = folderOf({ narrow: written(20, 8), wide: written(20, 16) });
  const { page, problems } = await show(root);
  for (const name of ['narrow', 'wide']) await page.getByRole('checkbox', { name: `compare ${name}` }).check();
  await page.getByRole('link', { name: 'Compare 2' }).click();
  await page.getByRole('heading', { name: '2 runs compared' }).waitFor();
  const plot = page.getByRole('region', { name: 'losses: lossG' });
  await plot.locator('canvas').waitFor();
  assert.equal(
    (await plot.getByRole('button').allInnerTexts()).map((text) => text.split(/\s/)[0]),
    ['narrow', 'wide'],
  );
  await page.getByRole('tab', { name: 'Differences' }).click();
  assert.equal(await textsOf(page, 'tbody tr'), ['model.width\t8\t16']);
  await page.getByRole('button', { name: 'leave out wide' }).click();
  await page.getByRole('heading', { name: 'narrow' }).waitFor();
  assert.equal(problems, []);
});

test('the address tells the axis, the smoothing, the scales and the stretch', async () => {
  const root = folderOf({ a: written(200) });
  const { page } = await show(root, '#/run?id=a&x=images&smooth=20&logy=1&from=100&to=900');
  await page.locator('canvas').first().waitFor();
  assert.is(await page.getByRole('button', { name: 'images', exact: true }).getAttribute('aria-pressed'), 'true');
  assert.is(await page.getByRole('combobox', { name: 'Smoothing' }).inputValue(), '20');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByRole('button', { name: 'log y' }).click();
  await page.getByRole('button', { name: 'time', exact: true }).click();
  assert.is(new URL(page.url()).hash, '#/run?id=a&smooth=20&x=time');
});

test('the keyboard reads values off a curve, hides one, goes through the tabs and through the steps', async () => {
  const root = folderOf({ a: written(20) });
  const { page } = await show(root, '#/run?id=a&smooth=0');
  const plot = page.getByRole('region', { name: 'losses' });
  await plot.locator('canvas').waitFor();
  const pointer = plot.getByRole('slider', { name: 'losses over step' });
  await pointer.focus();
  await page.keyboard.press('ArrowRight');
  await plot.getByText('step 10').waitFor();
  await told(pointer, /^step 10: lossD 1\b/);
  assert.is(await pointer.getAttribute('aria-valuenow'), '10');
  await page.keyboard.press('End');
  await plot.getByText('step 200').waitFor();
  await page.keyboard.press('Home');
  await plot.getByText('step 10', { exact: true }).waitFor();
  assert.match(await plot.getByRole('button').first().innerText(), /lossD\s+1$/);
  await page.keyboard.press('ArrowRight');
  await plot.getByText('step 20').waitFor();
  await plot.getByText('the samples are alike').waitFor();
  const loss = plot.getByRole('button', { name: /lossD/ });
  await loss.press('Enter');
  assert.is(await loss.getAttribute('aria-pressed'), 'false');
  await page.getByRole('tab', { name: 'Curves' }).press('ArrowRight');
  assert.is(await page.getByRole('tab', { name: 'Samples' }).getAttribute('aria-selected'), 'true');
  const slider = page.getByRole('slider', { name: 'step of the first grid' });
  assert.is(await slider.getAttribute('aria-valuetext'), 'step 30');
  await slider.press('Home');
  await page.getByRole('img', { name: 'samples of a at step 10' }).waitFor();
  assert.match(page.url(), /step=10/);
  await slider.press('ArrowRight');
  await page.getByRole('img', { name: 'samples of a at step 20' }).waitFor();
});

test('the health tab shows what the discriminator says of images, read by keyboard too, and what the training takes of the machine', async () => {
  const plain = { metrics: [metricsLine(10, { discriminatorLoss: 1 })] };
  const root = folderOf({ a: written(3), plain });
  const { page, problems } = await show(root, '#/run?id=a&tab=health');
  const real = page.getByRole('slider', { name: 'D(x) of real images over step' });
  await told(real, /^step 30: median 0\.189, half/);
  await told(page.getByRole('slider', { name: 'D(G(z)) of generated images over step' }), /^step 30: median -0\.38/);
  await told(page.getByRole('slider', { name: 'system: processors in use over step' }), /^now: process 1\.5$/);
  await told(page.getByRole('slider', { name: 'system: memory over step' }), /^now: process 0\.75$/);
  await real.focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('region', { name: 'D(x) of real images' }).getByText('step 10: median').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('region', { name: 'D(x) of real images' }).getByText('step 20: median').waitFor();
  await told(real, /^step 20: median/);
  const memory = page.getByRole('region', { name: 'system: memory' });
  await memory.getByText('step 20', { exact: true }).waitFor();
  await page.keyboard.press('Home');
  await memory.getByText('step 10', { exact: true }).waitFor();
  await page.keyboard.press('End');
  await memory.getByText('step 30', { exact: true }).waitFor();
  await real.hover();
  await memory.getByText(/^step [12]0$/).waitFor();
  await page.getByRole('tab', { name: 'Curves' }).click();
  await page.getByRole('region', { name: 'losses' }).waitFor();
  assert.equal(await page.getByRole('region', { name: /system/ }).count(), 0);
  await page.evaluate("location.hash = '#/run?id=plain&tab=health'");
  await page.getByText('--set health.outputHistograms=true').waitFor();
  assert.equal(problems, []);
});

test('a film of grids plays to its end; two grids are compared and wiped; a grid is saved under its name', async () => {
  const root = folderOf({ a: written(3) });
  const { page } = await show(root, '#/run?id=a&tab=samples&step=10');
  await page.getByRole('button', { name: 'play the first grid' }).click();
  await page.getByRole('img', { name: 'samples of a at step 30' }).waitFor();
  await page.getByRole('button', { name: 'play the first grid' }).waitFor();
  await page.getByRole('button', { name: 'compare two' }).click();
  await page.getByRole('img', { name: 'samples of a at step 10' }).waitFor();
  await page.getByRole('button', { name: 'wipe' }).click();
  await page.getByRole('slider', { name: /where the first grid ends/ }).press('End');
  assert.match((await page.locator('.above').getAttribute('style')) ?? '', /inset\(0px\)|inset\(0px 0%/);
  const zoomed = page.getByRole('button', { name: '8×' });
  await zoomed.click();
  assert.equal((await page.locator('.wipe img').first().boundingBox())?.width, 8);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).first().click(),
  ]);
  assert.is(download.suggestedFilename(), 'a-step-30.png');
});

test('names and notes in a run folder are text, whatever they look like', async () => {
  const evil = '<img src=x onerror=alert(1)>';
  const root = folderOf({
    [evil]: {
      config: { recipe: evil, data: '"><script>alert(1)</script>', [evil]: evil },
      metrics: [metricsLine(10, { [evil]: 1 }), metricsLine(20, { [evil]: 2, __proto__: 3, constructor: 4 })],
      log: ['started on cpu', `warning at step 10: ${evil}`, `note at step 20: ${evil}`],
    },
  });
  const { page, problems } = await show(root);
  let dialogs = 0;
  page.on('dialog', (dialog) => {
    dialogs++;
    void dialog.dismiss();
  });
  await page.getByRole('link', { name: evil }).click();
  await page.locator('canvas').first().waitFor();
  const titles = await page.locator('.plot h2').allTextContents();
  assert.ok(
    titles.some((title) => title.trim() === evil),
    titles.join(' | '),
  );
  for (const tab of ['Health', 'Settings']) {
    await page.getByRole('tab', { name: tab }).click();
    await page.getByText(evil).first().waitFor();
  }
  await page.getByRole('tab', { name: 'Health' }).click();
  await page.getByRole('textbox', { name: 'note for the log' }).fill(evil);
  await page.getByRole('button', { name: 'Add note' }).click();
  await page.locator('.log li', { hasText: evil }).nth(1).waitFor();
  assert.equal(await page.locator('img[src="x"], script:not([src])').count(), 0);
  assert.equal([dialogs, problems], [0, []]);
});

test('nothing is wider than a window of 400 pixels', async () => {
  const root = folderOf({ 'a-name-that-is-long-enough-to-be-cut-somewhere': written(20), b: written(20, 16) });
  for (const fragment of ['', ...VIEWS]) {
    const { page } = await show(root, fragment, { width: 400 });
    await page.locator('h1').waitFor();
    await page.locator('.run, .legend, .grid, .card, table').first().waitFor();
    assert.is(await page.evaluate('document.documentElement.scrollWidth'), 400, fragment);
  }
});

const A = 'id=a-name-that-is-long-enough-to-be-cut-somewhere';
const VIEWS = [
  `#/run?${A}`,
  `#/run?${A}&tab=samples&two=1`,
  `#/run?${A}&tab=health`,
  `#/run?${A}&tab=settings`,
  `#/run?${A}&id=b`,
  `#/run?${A}&id=b&tab=settings`,
];

test('axe finds no serious fault in any view, light or dark', async () => {
  const root = folderOf({ 'a-name-that-is-long-enough-to-be-cut-somewhere': written(20), b: written(20, 16) });
  for (const dark of [false, true]) {
    const { page } = await show(root, '', { dark });
    for (const fragment of ['#/', ...VIEWS]) {
      await page.evaluate(`location.hash = ${JSON.stringify(fragment)}`);
      await page.locator('.run, .legend, .grid img, .card, table').first().waitFor();
      assert.equal(await seriousFaults(page), [], `${fragment} ${dark ? 'dark' : 'light'}`);
    }
  }
});

runInBrowser(test, 'watch page');
