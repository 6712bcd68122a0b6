import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bindings, evaluate } from '../../src/oracle/evaluate.ts';
import { type TracedCase, traceCase } from '../../src/parity/cases/trace.ts';
import { type Case, cases } from '../cases.ts';

/** Central differences in float64: truncation costs about STEP^2, cancellation about 1e-16 / STEP. */
const STEP = 1e-5;
const TOLERANCE = 1e-6;
/** Rates of change below this are compared absolutely: they may be exactly zero. */
const UNIT = 1;

for (const row of cases.filter(({ differentiable }) => differentiable.length > 0)) {
  test(`first derivative of ${row.name}`, () => {
    const { rate, along } = firstOrder(row);
    for (const name of row.differentiable) expectEqualRates(name, rate(name), along(name));
  });

  test(`second derivative of ${row.name}`, () => {
    const { rate, along } = secondOrder(row);
    for (const name of [...row.differentiable, 'seed']) expectEqualRates(name, rate(name), along(name));
  });
}

/** How fast something changes along one input's direction: measured by differences, and as its gradient tells. */
interface Rates {
  readonly rate: (input: string) => number;
  readonly along: (input: string) => number;
}

/** seed . value against the gradients of it. */
function firstOrder(row: Case): Rates {
  const traced = traceCase(row);
  const { bindings } = traced;
  const projection = (at: Bindings) => dot(output(traced, 'value', at), at.seed as Float64Array);
  return rates(bindings, projection, (name) => output(traced, `gradient of ${name}`, bindings));
}

/** The sum of direction . gradient against the gradients of it. */
function secondOrder(row: Case): Rates {
  const traced = traceCase(row);
  const { bindings } = traced;
  const projection = (at: Bindings) =>
    row.differentiable
      .map((name) => dot(output(traced, `gradient of ${name}`, at), at[`direction of ${name}`] as Float64Array))
      .reduce((sum, part) => sum + part);
  return rates(bindings, projection, (name) => output(traced, `second gradient of ${name}`, bindings));
}

function rates(bindings: Bindings, value: (at: Bindings) => number, gradient: (input: string) => Float64Array): Rates {
  const directionOf = (name: string) =>
    Float64Array.from(bindings[name] as Float64Array, (_, i) => Math.cos(3 * i + 1));
  const moved = (name: string, distance: number): Bindings => {
    const direction = directionOf(name);
    return {
      ...bindings,
      [name]: (bindings[name] as Float64Array).map((x, i) => x + distance * (direction[i] as number)),
    };
  };
  return {
    rate: (name) => (value(moved(name, STEP)) - value(moved(name, -STEP))) / (2 * STEP),
    along: (name) => dot(gradient(name), directionOf(name)),
  };
}

function output({ graph }: TracedCase, name: string, at: Bindings): Float64Array {
  const tensor = graph.outputs[name];
  assert.ok(tensor, name);
  return evaluate([tensor], at)[0] as Float64Array;
}

const dot = (a: Float64Array, b: Float64Array): number => {
  assert.is(a.length, b.length);
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
};

function expectEqualRates(input: string, measured: number, told: number): void {
  const error = Math.abs(measured - told) / Math.max(UNIT, Math.abs(measured));
  assert.ok(error < TOLERANCE, `with respect to ${input}: differences give ${measured}, the gradient ${told}`);
}

test.run();
