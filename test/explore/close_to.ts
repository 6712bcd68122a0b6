import * as assert from 'uvu/assert';

/** Expects two vectors to agree to `tolerance` in every element. */
export function closeTo(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-12): void {
  assert.is(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    assert.ok(difference <= tolerance, `element ${i}: expected ${expected[i]}, but received ${actual[i]}`);
  }
}

export const vector = (...values: number[]): Float64Array => Float64Array.from(values);
