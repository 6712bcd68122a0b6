import type { Io } from './io.ts';

/** What every command is given. */
export interface Context {
  readonly io: Io;
  /** What the process will end with; a command that neither fails nor sets it ends with 0. */
  exitCode: number;
}
