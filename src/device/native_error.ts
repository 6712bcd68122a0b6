import { ERROR_CODES } from '../error_codes.ts';
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
  throw isAddonError(cause) ? deviceError(cause) : cause;
}

/** An error that the addon has raised. */
interface AddonError extends Error {
  readonly code: ErrorCode<'DeviceError'>;
}

/** Whether the addon has raised an error, rather than Node or the system. */
export const isAddonError = (error: unknown): error is AddonError =>
  error instanceof Error && 'code' in error && Object.hasOwn(ERROR_CODES.DeviceError, error.code as string);

/** The DeviceError that stands for an error of the addon. */
export const deviceError = (cause: AddonError): DeviceError => new DeviceError(cause.code, cause.message, { cause });
