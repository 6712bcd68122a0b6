import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { optimize } from '../../src/graph/compile.ts';
import { ancestors, roots } from '../../src/graph/walk.ts';
import { ops } from '../../src/ops/rules.ts';
import { traceCase } from '../../src/parity/cases/trace.ts';
import type { OpName } from '../../src/tensor/operators.ts';
import { cases, inputValues } from '../cases.ts';

const opNames = Object.keys(ops) as OpName[];

test('every op has a case about it, but for the leaves that cases are fed through', () => {
  const missing = opNames.filter((op) => !cases.some((row) => row.op === op));
  assert.equal(missing, ['feed', 'variable']);
});

test('the op that a case is about is in its graph, as traced or as optimised', () => {
  for (const row of cases) {
    const { graph } = traceCase(row);
    const fused = optimize(graph, new Set(opNames));
    const found = [...ancestors(roots(graph)), ...ancestors(roots(fused))].some(({ op }) => op === row.op);
    assert.ok(found, row.name);
  }
});

test('names tell cases apart', () => {
  assert.is(new Set(cases.map(({ name }) => name)).size, cases.length);
});

test('values are a function of the input alone, exact in float32, and never tie', () => {
  const spec = { shape: [9, 11], low: -2, high: 2 };
  const values = inputValues(spec, 1);
  assert.equal(values, inputValues(spec, 1));
  assert.equal(values, Float64Array.from(values, Math.fround));
  assert.is(new Set([...values, ...inputValues(spec, 0)]).size, 2 * 99);
  assert.ok(Math.min(...values.map(Math.abs)) > 1e-3);
});

test.run();
