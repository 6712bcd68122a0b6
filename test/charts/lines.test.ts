import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Curve, drawLines } from '../../src/charts/index.ts';
import { PALETTE } from '../../src/charts/theme.ts';
import { linesIn, textsIn } from './svg.ts';

const curve = (name: string, values: readonly number[]): Curve => ({
  name,
  points: values.map((y, i) => ({ x: 10 * (i + 1), y })),
});

const draw = (curves: readonly Curve[], options = {}) =>
  drawLines([{ title: 'losses', yTitle: 'nats', curves }], { xTitle: 'step', ...options });

test('a curve rises from the lower left to the upper right of its panel', async () => {
  const [line] = linesIn(await draw([curve('k', [1, 3, 5])]));
  assert.equal(line?.points, [
    [0, 170],
    [200, 85],
    [400, 0],
  ]);
});

test('axes have round ticks and their titles', async () => {
  const texts = textsIn(await draw([curve('k', [0.013, 0.987])]));
  for (const text of ['losses', 'nats', 'step', '0.0', '0.4', '1.0', '10', '20']) assert.ok(texts.includes(text), text);
});

test('curves of one panel share its axes, have colours of their own, and a legend', async () => {
  const svg = await draw([curve('discriminatorLoss', [0, 5]), curve('generatorLoss', [10, 10])]);
  const [discriminator, generator] = linesIn(svg);
  assert.equal(discriminator?.points.at(-1), [400, 85]);
  assert.equal(generator?.points.at(-1), [400, 0]);
  assert.equal([discriminator?.stroke, generator?.stroke], PALETTE.light.slice(0, 2));
  assert.ok(textsIn(svg).includes('discriminatorLoss'));
  assert.not.ok(textsIn(await draw([curve('k', [1, 2])])).includes('k'), 'one curve needs no legend');
});

test('many points are smoothed: a strong line over the faint values', async () => {
  const wild = curve(
    'k',
    Array.from({ length: 200 }, (_, i) => i % 2),
  );
  const [faint, strong] = linesIn(await draw([wild]));
  assert.ok((faint?.opacity ?? 1) < 0.5 && strong?.opacity === 1);
  assert.is(strong?.points.length, 200);
  const heights = (strong?.points ?? []).slice(50).map(([, y = 0]) => y);
  assert.ok(Math.max(...heights) - Math.min(...heights) < 20, 'the smoothed line is calm');
});

test('few points are drawn as they are, and how much is smoothed can be said', async () => {
  const few = curve('k', [1, 5, 2]);
  assert.is(linesIn(await draw([few])).length, 1);
  assert.is(linesIn(await draw([few], { halfLife: 1 })).length, 2);
  const many = curve('k', Array(200).fill(1));
  assert.is(linesIn(await draw([many], { halfLife: 0 })).length, 1);
});

test('a legend above one panel is no wider than it', async () => {
  const series = ['batch-norm', 'layer-norm', 'instance-norm', 'no-norm'];
  const panel = { title: 'losses', curves: series.map((name) => curve(name, [1, 2])) };
  const widthOf = async (count: number) =>
    Number(/width="([\d.]+)"/.exec(await drawLines(Array(count).fill(panel), { xTitle: 'step', series }))?.[1]);
  const [one, two] = [await widthOf(1), await widthOf(2)];
  assert.ok(one < 480 && two > 880, `widths ${one} and ${two}`);
});

test('what XML cannot hold is in no drawing', async () => {
  const svg = await draw([curve('k\u0001', [1, 2]), curve('l\ud800', [1, 2])]);
  for (const bad of ['\u0001', '\ud800']) assert.not.ok(svg.includes(bad));
  assert.ok(textsIn(svg).includes('k\ufffd'));
});

test('a dark page has its own colours', async () => {
  const svg = await draw([curve('k', [1, 2])], { theme: 'dark' });
  assert.match(svg, `fill="#16181d"`);
  assert.is(linesIn(svg)[0]?.stroke, PALETTE.dark[0]);
});

test.run();
