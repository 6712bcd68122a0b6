import { DeviceError, type ErrorCode } from '../errors.ts';

/** Calls the addon. @throws DeviceError with the code of the addon's error, which is its cause and has `op` and `scope` where one is
 *  to blame; what a promise is rejected with likewise */
export function callAddon<T>(call: () => T): T {
  try {
    const result = call();
    return (result instanceof Promise ? result.catch(fail) : result) as T;
  } catch (error) {
    return fail(error);
  }
}

function fail(cause: unknown): never {
  if (!(cause instanceof Error) || !('code' in cause)) throw cause;
  // The codes that the addon gives are those of a DeviceError; a test of docs/errors.md holds it to that.
  throw new DeviceError(cause.code as ErrorCode<'DeviceError'>, cause.message, { cause });
}
