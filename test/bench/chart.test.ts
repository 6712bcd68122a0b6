import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drawBench } from '../../src/bench/chart.ts';
import { exampleBench } from './example.ts';

const svg = drawBench(exampleBench);

/** The numbers of an attribute in every element that a pattern finds. */
const numbers = (pattern: RegExp): number[] => [...svg.matchAll(pattern)].map(([, value]) => Number(value));

const COLORS = { gannet: '#2563eb', pytorch: '#ea580c', tfjs: '#7c3aed' };
const bars = (color: string): number[] =>
  numbers(new RegExp(`<rect x="0" y="[\\d.]+" width="([\\d.]+)" height="10" fill="${color}"`, 'g'));

test('every contestant has a bar in every case it took part in', () => {
  assert.is(bars(COLORS.gannet).length, 4);
  assert.is(bars(COLORS.pytorch).length, 3);
  assert.is(bars(COLORS.tfjs).length, 1);
});

test('bars are logarithmic: a tenth of the speed is shorter by a decade of the axis', () => {
  // The axis of the published sizes runs from 10 % to the roofline and beyond.
  const [decade = 0] = numbers(/<line x1="([\d.]+)"[^>]*stroke="#b91c1c"/g);
  const [, forward = 0] = bars(COLORS.gannet);
  const [, slower = 0] = bars(COLORS.pytorch);
  assert.ok(Math.abs(forward - decade * Math.log10(5)) < 1e-6);
  assert.ok(Math.abs(forward - slower - decade * Math.log10(2.5)) < 1e-6);
});

test('nothing is drawn outside the picture', () => {
  const [width = 0] = numbers(/<svg [^>]*width="([\d.]+)"/g);
  const [height = 0] = numbers(/<svg [^>]*height="([\d.]+)"/g);
  assert.ok(numbers(/<rect x="[\d.]+" y="([\d.]+)"/g).every((y) => y < height));
  assert.ok(numbers(/<rect x="([\d.]+)"/g).every((x) => x < width));
  const panels = numbers(/<g transform="translate\(([\d.]+) 0\)">/g);
  assert.is(panels.length, 2);
  assert.not.match(svg, /NaN|Infinity|undefined/);
});

test.run();
