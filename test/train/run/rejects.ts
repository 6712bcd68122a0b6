import * as assert from 'uvu/assert';
import { CheckpointError } from '../../../src/errors.ts';

/** The CheckpointError that a promise rejects with, its code compared. */
export async function rejection(promise: Promise<unknown>, code: string): Promise<CheckpointError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, CheckpointError);
  assert.is((error as CheckpointError).code, code);
  return error as CheckpointError;
}
