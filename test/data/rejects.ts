import * as assert from 'uvu/assert';
import { GannetError } from '../../src/errors.ts';

/** Expects `work` to fail with a typed error of this code whose message matches every pattern. */
export async function rejects(work: () => unknown, code: string, ...patterns: RegExp[]): Promise<void> {
  let error: unknown;
  try {
    await work();
  } catch (caught) {
    error = caught;
  }
  assert.instance(error, GannetError, `expected ${code}, but received ${error}`);
  assert.is((error as GannetError).code, code, String(error));
  for (const pattern of patterns) assert.match((error as GannetError).message, pattern);
}
