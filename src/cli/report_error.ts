import { CommanderError } from 'commander';
import { GannetError } from '../errors.ts';
import { EXIT, exitCodeOf } from './exit_codes.ts';
import { type Io, printJson, printLine } from './io.ts';

/** Tells the user what ended a command, and returns the exit code: a message for people on stderr (with the stack if
 *  GANNET_DEBUG is set), and with `json` an event on stdout as well. */
export function reportError(error: unknown, io: Io, { json }: { readonly json: boolean }): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  // The help that a missing command brings has been printed already.
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage;
  const { name, code, message, exitCode } = describeError(error);
  printLine(io.stderr, `gannet: ${message}`);
  if (io.environment.GANNET_DEBUG) printLine(io.stderr, `${name} ${code}\n${(error as Error).stack}`);
  if (json) printJson(io.stdout, { type: 'error', name, code, message, exitCode });
  return exitCode;
}

function describeError(error: unknown): { name: string; code: string; message: string; exitCode: number } {
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replace(/\n\((.*)\)$/, '\n  $1');
    const hint = '`gannet --help` lists the commands, `gannet COMMAND --help` the options of one.';
    return { name: 'UsageError', code: error.code, message: `${message}\n  ${hint}`, exitCode: EXIT.usage };
  }
  if (error instanceof GannetError) {
    const { name, code, message } = error;
    return { name, code, message, exitCode: exitCodeOf(error) };
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const hint = 'This was not foreseen; with GANNET_DEBUG=1 set, the place in the code is shown.';
  return { name, code: 'unforeseen', message: `${message}\n  ${hint}`, exitCode: EXIT.failure };
}
