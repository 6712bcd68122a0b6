import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { charactersIn, inkOf, textHeight, textWidth, wrapText } from '../../src/charts/captions.ts';

const caption = (text: string) => ({ text, left: 2, top: 1, scale: 1 });
const size = { width: 40, height: 14 };

test('captions break behind spaces, plus and minus, or where they must', () => {
  assert.equal(wrapText('smile+tan', 9), ['smile+tan']);
  assert.equal(wrapText('smile+tan', 8), ['smile+', 'tan']);
  assert.equal(wrapText('very wide', 5), ['very', 'wide']);
  assert.equal(wrapText('sunglasses', 4), ['sung', 'lass', 'es']);
  assert.equal(wrapText('', 4), []);
});

test('sizes of text', () => {
  assert.equal([textWidth(3, 2), textHeight(2, 2)], [36, 44]);
  assert.is(charactersIn(36, 2), 3);
  assert.is(charactersIn(35, 2), 2);
});

test('text leaves ink within its box, and nowhere else', async () => {
  const ink = await inkOf([caption('gM')], size);
  const places = [...ink.entries()].filter(([, level]) => level > 0).map(([i]) => [i % 40, Math.floor(i / 40)]);
  assert.ok(places.length > 20);
  for (const [x = 0, y = 0] of places) assert.ok(x >= 2 && x < 14 && y >= 1 && y < 12, `${x}, ${y}`);
});

test('letters beyond ASCII have glyphs of their own', async () => {
  const drawn = async (text: string) => (await inkOf([caption(text)], size)).join();
  const pictures = await Promise.all(['e', 'é', 'ж', 'λ', '?'].map(drawn));
  assert.is(new Set(pictures).size, 5);
});

test('what is markup or forbidden in XML is text', async () => {
  for (const text of ['<b>&', '</text>', 'a\u0000b', '\ud800']) {
    const ink = await inkOf([caption(text)], { width: 80, height: 14 });
    assert.ok(
      ink.some((level) => level > 0),
      text,
    );
  }
});

test.run();
