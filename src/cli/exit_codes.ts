import { ConfigError, DataError, DeviceError, DivergedError, ShapeError } from '../errors.ts';

/** What the process's exit code says. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  device: 3,
  data: 4,
  diverged: 5,
  interrupted: 130,
} as const;

const OF_ERRORS = [
  [ConfigError, EXIT.usage],
  [ShapeError, EXIT.usage],
  [DeviceError, EXIT.device],
  [DataError, EXIT.data],
  [DivergedError, EXIT.diverged],
] as const;

/** The exit code for an error that ended a command. */
export const exitCodeOf = (error: unknown): number =>
  OF_ERRORS.find(([type]) => error instanceof type)?.[1] ?? EXIT.failure;
