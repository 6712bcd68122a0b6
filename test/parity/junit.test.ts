import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ParityResult } from '../../src/parity/judge.ts';
import { junitXml } from '../../src/parity/junit.ts';
import { type Element, parseXml } from './xml.ts';

const passed: ParityResult = {
  ...{ name: 'relu [7,5]', subject: 'relu', precision: 'float32', status: 'passed', tolerance: 1e-4 },
  ...{ errors: { value: 0 }, worst: { result: 'value', error: 0 }, elapsedMs: 12.4 },
};
const failed: ParityResult = {
  ...{ ...passed, name: 'a <b> & "c"', subject: 'conv2d', precision: 'tf32', status: 'failed', elapsedMs: 1000 },
  worst: { result: 'gradient of x', error: 0.25 },
};
const skipped: ParityResult = {
  ...{ name: 'step of dcgan', subject: 'step of dcgan', precision: 'float32', status: 'skipped', tolerance: 1e-4 },
  ...{ errors: {}, problem: 'tfjs: took longer than 30 s', elapsedMs: 0 },
};

const report = (results: readonly ParityResult[]): Element =>
  parseXml(junitXml({ name: 'cpu against tfjs', properties: { device: 'cpu & more' }, results }));

test('every result is a test case, named and timed, in a suite that counts them', () => {
  const { name, attributes, children } = report([passed, failed, skipped]);
  assert.is(name, 'testsuites');
  assert.equal(attributes, { tests: '3', failures: '1', errors: '0', skipped: '1', time: '1.012' });
  const [suite] = children;
  assert.is(suite?.attributes.name, 'cpu against tfjs');
  const [properties, ...cases] = suite?.children ?? [];
  assert.equal(properties?.children[0]?.attributes, { name: 'device', value: 'cpu & more' });
  assert.equal(
    cases.map(({ attributes }) => [attributes.classname, attributes.name, attributes.time]),
    [
      ['gannet.parity.float32.relu', 'relu [7,5]', '0.012'],
      ['gannet.parity.tf32.conv2d', 'a <b> & "c"', '1.000'],
      ['gannet.parity.float32.step of dcgan', 'step of dcgan', '0.000'],
    ],
  );
});

test('a failure tells its error and tolerance, a skipped case why nothing is known', () => {
  const cases = report([passed, failed, skipped]).children[0]?.children.slice(1) ?? [];
  assert.equal(
    cases.map(({ children }) => children.map(({ name, attributes }) => [name, attributes.message])),
    [
      [],
      [['failure', 'gradient of x is off by 2.50e-1, the tolerance is 0.0001']],
      [['skipped', 'tfjs: took longer than 30 s']],
    ],
  );
});

test('line breaks survive, and characters that XML forbids do not', () => {
  const { problem: _, ...unknown } = skipped;
  const problem = 'one\n\ttwo\u0000\u001b[1m \ud800 \u{1f600}';
  const [, found] = report([{ ...unknown, problem }]).children[0]?.children ?? [];
  assert.is(found?.children[0]?.attributes.message, 'one\n\ttwo??[1m ? \u{1f600}');
});

test('an empty report is well-formed too', () => {
  assert.is(report([]).attributes.tests, '0');
});

test.run();
