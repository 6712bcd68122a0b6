import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { arithmetic } from '../../src/explore/index.ts';
import { gannet } from '../cli/command.ts';
import { noiseRun } from '../explore/runs.ts';
import { contrastyRun } from '../projection/runs.ts';
import { pagesOf, runInBrowser, seriousFaults, until } from './browser.ts';

const test = suite('watch page: latents');
const show = pagesOf(test);

test('samples are locked and redrawn, a slider changes a picture, a trait is named, a corner is chosen', async () => {
  const run = await noiseRun();
  const { page, problems } = await show(run, '#/run?id=.&tab=latents');
  const samples = page.getByRole('region', { name: 'samples' });
  const sources = () =>
    samples.locator('img').evaluateAll((images) => images.map((image) => image.getAttribute('src')));
  const drawn = async (count: number): Promise<(string | null)[]> => {
    await samples
      .locator('img')
      .nth(count - 1)
      .waitFor();
    return sources();
  };
  const before = await drawn(12);
  await samples.getByRole('button', { name: 'lock picture 3' }).click();
  await samples.getByRole('button', { name: 'Redraw the others' }).click();
  await until(async () => (await sources()).filter((source) => before.includes(source)).length === 1);
  assert.is((await sources())[2], before[2], 'the locked one is as it was');
  const editor = page.getByRole('region', { name: 'change a picture' });
  const picture = editor.getByRole('img', { name: 'the changed picture' });
  const plain = await picture.getAttribute('src');
  const slider = editor.getByRole('slider', { name: 'v0' });
  await slider.press('End');
  assert.is(await slider.inputValue(), '3');
  await until(async () => (await picture.getAttribute('src')) !== plain);
  await editor.getByRole('textbox', { name: 'name of the trait' }).fill('smile');
  await editor.getByRole('button', { name: 'Save trait' }).click();
  await editor.getByRole('slider', { name: 'smile' }).waitFor();
  assert.equal(JSON.parse(readFileSync(join(run, 'traits.json'), 'utf8')), { smile: { 0: 3 } });
  await page.getByRole('combobox', { name: 'picture upper right' }).selectOption('7');
  await page.getByRole('slider', { name: 'left to right' }).press('Home');
  await page.getByRole('img', { name: 'the picture between four' }).waitFor();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await editor.getByRole('button', { name: 'Copy command' }).click();
  await editor.getByText('copied').waitFor();
  assert.match(
    await page.evaluate<string>('navigator.clipboard.readText()'),
    /^printf %s .*gannet explore .* --step 2 --latents/,
  );
  assert.equal(problems, []);
});

test('a picture that is chosen is searched, and what is found can be changed', async () => {
  const run = await contrastyRun();
  const picture = join(run, 'samples', 'one.png');
  await gannet(['sample', run, '--count', '1', '--seed', '5', '--out', picture]);
  const { page, problems } = await show(run, '#/run?id=.&tab=latents');
  const card = page.getByRole('region', { name: 'the latent of a picture' });
  await card.locator('input[type=file]').setInputFiles(picture);
  await card.getByRole('img', { name: 'the nearest picture of the generator' }).waitFor();
  assert.match((await card.locator('p').textContent()) ?? '', /^0\.\d levels away, found from (centre|random \d)$/);
  await page.getByRole('button', { name: 'change picture 1', exact: true }).click();
  await page.getByRole('button', { name: 'change picture 1', exact: true, pressed: true }).waitFor();
  await card.getByRole('button', { name: 'Change it' }).click();
  await page.getByRole('button', { name: 'change picture 1', exact: true, pressed: false }).waitFor();
  await card.locator('input[type=file]').setInputFiles(join(run, 'config.json'));
  await card.getByText('not an image of a known format').waitFor();
  assert.equal(problems, []);
});

/** The latents that a region's command draws. */
async function copied(page: Page, region: Locator): Promise<number[]> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await region.getByRole('button', { name: 'Copy command' }).click();
  await region.getByText('copied').waitFor();
  const command = await page.evaluate<string>('navigator.clipboard.readText()');
  const [, json = ''] = /^printf %s '(.*)' > latent\.json && /.exec(command) ?? [];
  return JSON.parse(json).rows[0].latents[0];
}

const sample = (page: Page, number: number): Locator =>
  page.getByRole('button', { name: `change picture ${number}`, exact: true }).locator('img');

/** The latents of the samples that a page shows first, or after it has drawn others. */
async function latentsShown(url: string, seed = 1): Promise<Float64Array[]> {
  const answer = await fetch(new URL(`api/latents/draw?id=.&step=2&seed=${seed}&count=12`, url));
  return ((await answer.json()) as number[][]).map((latent) => Float64Array.from(latent));
}

test('pictures that are dragged to three places give their sum, which can be used again', async () => {
  // All in view: a page that scrolls between press and move drags something else.
  const { page, watch, problems } = await show(await noiseRun(), '#/run?id=.&tab=latents', { height: 2000 });
  const drawn = await latentsShown(watch.url);
  const at = (...numbers: number[]): Float64Array[] => numbers.map((number) => drawn[number - 1] as Float64Array);
  const card = page.getByRole('region', { name: 'a sum of pictures' });
  const group = (name: string): Locator => card.getByRole('group', { name: `pictures of ${name}` });
  await sample(page, 2).dragTo(group('a'));
  await sample(page, 3).dragTo(group('b'));
  await card.getByText('when there is a picture in each place').waitFor();
  await sample(page, 5).dragTo(group('c'));
  const sum = card.getByRole('img', { name: 'the sum' });
  await sum.waitFor();
  assert.equal(await copied(page, card), [...arithmetic({ a: at(2), b: at(3), c: at(5) })]);

  await sample(page, 7).dragTo(group('a'));
  await group('a').getByRole('img', { name: 'picture 2 of a' }).waitFor();
  const first = arithmetic({ a: at(2, 7), b: at(3), c: at(5) });
  assert.equal(await copied(page, card), [...first], 'the mean of several');
  await card.getByRole('button', { name: 'remove picture 1 of a' }).click();
  assert.equal(await copied(page, card), [...arithmetic({ a: at(7), b: at(3), c: at(5) })]);

  const corner = page.locator('.corner-1');
  const editor = page.getByRole('region', { name: 'change a picture' });
  const used = [...arithmetic({ a: at(7), b: at(3), c: at(5) })];
  await sum.dragTo(group('b'));
  await group('b').getByRole('img', { name: 'picture 2 of b' }).waitFor();
  const again = [...arithmetic({ a: at(7), b: [...at(3), Float64Array.from(used)], c: at(5) })];
  assert.equal(await copied(page, card), again, 'the sum is a picture like others');
  await sum.dragTo(editor);
  await until(async () => `${await copied(page, editor)}` === `${again}`);
  await sample(page, 12).dragTo(editor);
  await until(async () => `${await copied(page, editor)}` === `${at(12)[0]}`);
  await card.getByRole('button', { name: 'Change it' }).click();
  await until(async () => `${await copied(page, editor)}` === `${again}`);
  await sum.dragTo(corner);
  assert.is(await corner.getByRole('combobox').inputValue(), 'dropped');
  const between = page.getByRole('region', { name: 'between four pictures' });
  await between.getByRole('slider', { name: 'left to right' }).press('End');
  await between.getByRole('slider', { name: 'top to bottom' }).press('Home');
  assert.equal(await copied(page, between), again, 'the corner itself');
  await between.getByRole('slider', { name: 'left to right' }).press('Home');
  await between.getByRole('button', { name: 'Change it' }).click();
  await until(async () => `${await copied(page, editor)}` === `${at(1)[0]}`);
  await corner.getByRole('combobox').selectOption('1');
  assert.equal(await corner.getByRole('option', { name: 'dropped' }).count(), 0);
  const search = page.getByRole('region', { name: 'the latent of a picture' });
  await sample(page, 4).dragTo(search);
  await until(async () => `${await copied(page, editor)}` === `${at(4)[0]}`);
  assert.is(await search.locator('img').count(), 0, 'its latent is known, and is not searched');
  assert.equal(problems, []);
});

test('a picture that is changed stays while others are drawn, and one that is chosen begins without changes', async () => {
  const { page, watch } = await show(await noiseRun(), '#/run?id=.&tab=latents');
  const [first] = await latentsShown(watch.url);
  const [, second] = await latentsShown(watch.url, 2);
  const editor = page.getByRole('region', { name: 'change a picture' });
  await editor.locator('summary').press('Enter');
  await editor.getByRole('slider', { name: 'z2' }).press('End');
  await sample(page, 2).waitFor();
  const before = await sample(page, 2).getAttribute('src');
  await page.getByRole('button', { name: 'Redraw' }).click();
  await until(async () => (await sample(page, 2).getAttribute('src')) !== before);
  assert.equal(await copied(page, editor), [...(first as Float64Array).with(2, 4)]);
  await page.getByRole('button', { name: 'change picture 2', exact: true }).click();
  await until(async () => `${await copied(page, editor)}` === `${second}`);
});

test('the keyboard adds pictures to a sum, and what is changed is one of them', async () => {
  const { page, watch } = await show(await noiseRun(), '#/run?id=.&tab=latents');
  const drawn = await latentsShown(watch.url);
  const card = page.getByRole('region', { name: 'a sum of pictures' });
  await sample(page, 1).waitFor();
  const editor = page.getByRole('region', { name: 'change a picture' });
  await editor.locator('summary').press('Enter');
  await editor.getByRole('slider', { name: 'z2' }).press('End');
  for (const [name, picture] of Object.entries({ a: 'the changed picture', b: 'picture 2', c: 'picture 3' })) {
    const select = card.getByRole('combobox', { name: `picture to add to ${name}` });
    await select.focus();
    await page.keyboard.type(picture);
    assert.is(await select.inputValue(), picture);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
  }
  await card.getByRole('img', { name: 'the sum' }).waitFor();
  const [changed, ...others] = drawn as [Float64Array, Float64Array, Float64Array];
  const a = changed.with(2, 4);
  assert.equal(await copied(page, card), [...arithmetic({ a: [a], b: others.slice(0, 1), c: others.slice(1, 2) })]);
});

test('a picture of another latent space cannot be dropped', async () => {
  const { page } = await show(await noiseRun(), '#/run?id=.&tab=latents');
  const group = page.getByRole('group', { name: 'pictures of a' });
  await group.waitFor();
  const isTaken = (size: number): Promise<boolean> =>
    group.evaluate(
      new Function(
        'place',
        'size',
        `const carried = new DataTransfer();
        carried.setData('application/x-gannet-latent-' + size, Array(size).fill(0).join());
        const over = new DragEvent('dragover', { dataTransfer: carried, bubbles: true, cancelable: true });
        place.dispatchEvent(over);
        place.dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true }));
        return over.defaultPrevented;`,
      ) as (place: unknown, size: number) => boolean,
      size,
    );
  assert.equal([await isTaken(5), await isTaken(4)], [false, true]);
  await group.getByRole('img', { name: 'picture 1 of a' }).waitFor();
  assert.is(await group.getByRole('listitem').count(), 1);
});

test('axe finds no serious fault in the tab, light or dark, and it is no wider than a window of 400 pixels', async () => {
  const run = await noiseRun();
  for (const dark of [false, true]) {
    const { page } = await show(run, '#/run?id=.&tab=latents', { dark, width: 400 });
    await sample(page, 1).waitFor();
    for (const name of ['a', 'b', 'c']) await page.getByRole('button', { name: `Add to ${name}` }).click();
    await page.getByRole('img', { name: 'the sum' }).waitFor();
    assert.equal(await seriousFaults(page), []);
    assert.is(await page.evaluate('document.documentElement.scrollWidth'), 400);
  }
});

runInBrowser(test, 'watch page: latents');
