import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../src/device/device.ts';
import { expected, runOn } from '../../src/device/execution.ts';
import { deviations, type Results } from '../../src/oracle/compare.ts';
import { type ProductPrecision, toleranceOf } from '../../src/oracle/tolerance.ts';
import { traceCase, workOf } from '../../src/parity/cases/trace.ts';
import { type Case, cases } from '../cases.ts';

/** Registers one test per case: its value, its gradients, its gradients' gradients and the variables it overwrites are the
 *  oracle's on this device. */
export function testParity(
  open: () => Promise<Device>,
  table: readonly Case[] = cases,
  precision: ProductPrecision = 'float32',
): void {
  let device: Device;
  test.before(async () => {
    device = await open();
  });
  test.after(() => device.close());
  for (const row of table) {
    test(row.name, async () => {
      const work = workOf(traceCase(row));
      expectClose(await runOn(device, work), expected(work), toleranceOf(precision, row));
    });
  }
}

/** Fails, naming the result, where two sets of results differ by more than float32 explains. */
export function expectClose(actual: Results, wanted: Results, tolerance = toleranceOf('float32')): void {
  for (const { result, error } of deviations(actual, wanted)) {
    assert.ok(
      error < tolerance,
      `${result} is off by ${error.toExponential(2)}\n  is      ${head(actual[result])}\n  expected ${head(wanted[result])}`,
    );
  }
}

const head = (values: ArrayLike<number> | undefined): string =>
  values
    ? `${Array.from({ length: Math.min(8, values.length) }, (_, i) => values[i]?.toPrecision(6)).join(' ')} (${values.length})`
    : 'missing';
