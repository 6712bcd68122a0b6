import type { ERROR_CODES } from './error_codes.ts';

/** The codes of a class of errors; docs/errors.md tells what each means. */
export type ErrorCode<C extends keyof typeof ERROR_CODES> = keyof (typeof ERROR_CODES)[C] & string;

/** Base of every error gannet raises on purpose. `code` is stable across versions; the message names the thing, what was
 *  expected, what came, and what to do. */
export class GannetError<C extends string = string> extends Error {
  readonly code: C;

  constructor(code: C, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Shapes or types that do not fit together; raised while a function is traced, never while a program runs. */
export class ShapeError extends GannetError<ErrorCode<'ShapeError'>> {}

/** A broken invariant of a graph or a plan: a fault of the code that built it. */
export class GraphError extends GannetError<ErrorCode<'GraphError'>> {}

/** A configuration, recipe, key or flag that cannot be used. */
export class ConfigError extends GannetError<ErrorCode<'ConfigError'>> {}

/** Images or labels that cannot be read or do not suit the recipe. */
export class DataError extends GannetError<ErrorCode<'DataError'>> {}

/** A device that is missing, cannot run a program, or failed while running one. */
export class DeviceError extends GannetError<ErrorCode<'DeviceError'>> {}

/** A checkpoint or run folder that cannot be read or written. */
export class CheckpointError extends GannetError<ErrorCode<'CheckpointError'>> {}

/** Training left the region in which its numbers mean anything (NaN or infinity in a loss). */
export class DivergedError extends GannetError<ErrorCode<'DivergedError'>> {}
