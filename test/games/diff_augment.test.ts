import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type DiffAugmentPolicy, diffAugment } from '../../src/games/diff_augment.ts';
import { evaluate } from '../../src/oracle/evaluate.ts';
import { elements, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, trace } from '../../src/tensor/trace.ts';

const NOTHING: DiffAugmentPolicy = { colour: false, translation: 0, cutout: 0 };

/** The largest number below 1 that the generator of random numbers gives. */
const ALMOST_ONE = 1 - 2 ** -24;

/** Images as they come out, all of them changed by the same numbers in [0, 1), by purpose. */
function changed(images: number[], shape: Shape, policy: Partial<DiffAugmentPolicy>, numbers: Record<string, number>) {
  const count = shape[0] as number;
  const graph = trace('change', () => ({
    y: diffAugment(feed('x', shape), { ...NOTHING, ...policy }, (purpose) => feed(purpose, [count])),
  }));
  const drawn = Object.entries(numbers).map(([name, number]) => [
    name,
    Float64Array.from({ length: count }, () => number),
  ]);
  const [y] = evaluate([graph.outputs.y as Tensor], { x: Float64Array.from(images), ...Object.fromEntries(drawn) });
  return [...(y as Float64Array)];
}

const counting = (shape: Shape): number[] => Array.from({ length: elements(shape) }, (_, i) => i + 1);

test('without a policy nothing is changed', () => {
  assert.equal(changed([1, 2, 3, 4], [1, 2, 2, 1], {}, {}), [1, 2, 3, 4]);
});

test('an image of 4 pixels is moved by up to one either way, and zeros come in', () => {
  const columns = (right: number) => changed([1, 2, 3, 4], [1, 1, 4, 1], { translation: 0.25 }, { down: 0.5, right });
  assert.equal(columns(0), [0, 1, 2, 3]);
  assert.equal(columns(0.33), [0, 1, 2, 3]);
  assert.equal(columns(0.34), [1, 2, 3, 4]);
  assert.equal(columns(0.67), [2, 3, 4, 0]);
  assert.equal(columns(ALMOST_ONE), [2, 3, 4, 0]);
  const rows = changed([1, 2, 3, 4], [1, 4, 1, 1], { translation: 0.25 }, { down: 0.99, right: 0.5 });
  assert.equal(rows, [2, 3, 4, 0]);
});

test('every shift that is allowed occurs equally often', () => {
  const shape = [1, 1, 16, 1] as const;
  const firsts = Array.from({ length: 90 }, (_, i) => {
    const moved = changed(counting(shape), shape, { translation: 0.25 }, { down: 0.5, right: (i + 0.5) / 90 });
    return (moved[8] as number) - 9;
  });
  for (let shift = -4; shift <= 4; shift++) assert.is(firsts.filter((found) => found === shift).length, 10, `${shift}`);
});

test('a square of half the side is blanked, and may reach out of the image', () => {
  const hidden = (cutoutDown: number, cutoutRight: number) =>
    changed(Array(16).fill(7), [1, 4, 4, 1], { cutout: 0.5 }, { cutoutDown, cutoutRight }).map((x) =>
      x === 7 ? 1 : 0,
    );
  assert.equal(hidden(0.5, 0.3), [1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1], 'rows 1 and 2, columns 0 and 1');
  assert.equal(hidden(0, 0), [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  assert.equal(hidden(ALMOST_ONE, 0.99), [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
});

test('a share of less than half a pixel moves and blanks one, so that no policy is without effect', () => {
  const moved = changed([1, 2, 3, 4], [1, 1, 4, 1], { translation: 0.01 }, { down: 0.5, right: 0 });
  assert.equal(moved, [0, 1, 2, 3]);
  const cut = changed([1, 2, 3, 4], [1, 2, 2, 1], { cutout: 0.01 }, { cutoutDown: 0, cutoutRight: 0.5 });
  assert.equal(cut, [1, 0, 3, 4]);
});

test('colours change, transparency does not', () => {
  const numbers = { brightness: 0.75, saturation: 1, contrast: 0.5 };
  const image = [0.2, 0.4, 0.6, 1, -0.3, -0.3, -0.3, -1];
  const expected = [0.25, 0.65, 1.05, 1, -0.05, -0.05, -0.05, -1];
  for (const [i, value] of changed(image, [1, 1, 2, 4], { colour: true }, numbers).entries())
    assert.ok(Math.abs(value - (expected[i] as number)) < 1e-12, `[${i}]: ${value}`);
  const contrast = { brightness: 0.5, contrast: 0 };
  assert.equal(changed([1, 0], [1, 1, 2, 1], { colour: true }, contrast), [0.75, 0.25], 'grey has no saturation');
});

test.run();
