import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drawBench } from '../../src/bench/chart.ts';
import { PALETTE } from '../../src/charts/theme.ts';
import { numbersIn, textsIn } from '../charts/svg.ts';
import { exampleBench } from './example.ts';

const svg = await drawBench(exampleBench);
const [gannet, pytorch, tfjs] = PALETTE.light;

/** Widths of the bars of a colour. */
const bars = (color: string | undefined): number[] =>
  numbersIn(svg, new RegExp(`<path [^>]*d="M0,[\\d.]+h([\\d.]+)v[\\d.]+h-[\\d.]+Z" fill="${color}"`, 'g'));

test('every contestant has a bar in every case it took part in', () => {
  assert.is(bars(gannet).length, 4);
  assert.is(bars(pytorch).length, 3);
  assert.is(bars(tfjs).length, 1);
});

test('bars are logarithmic: a tenth of the speed is shorter by a decade of the axis', () => {
  // The axis of the published sizes runs from 10 % to the roofline and beyond.
  const [decade = 0] = numbersIn(svg, /<line transform="translate\(([\d.]+),0\)"[^>]*stroke="#b30000"/g);
  const [, forward = 0] = bars(gannet);
  const [, slower = 0] = bars(pytorch);
  assert.ok(decade > 0);
  assert.ok(Math.abs(forward - decade * Math.log10(5)) < 0.01);
  assert.ok(Math.abs(forward - slower - decade * Math.log10(2.5)) < 0.01);
});

test('groups, cases, rates and the machine are named', () => {
  for (const text of ['dcgan conv5', 'forward', '200 GFLOP/s', '100%', 'PyTorch']) {
    assert.ok(textsIn(svg).includes(text), text);
  }
  assert.match(svg, '>Abacus 3000, 2 cores');
  assert.not.match(svg, /NaN|Infinity|undefined/);
});

test.run();
