import { exitCodeOf } from '../../src/cli/exit_codes.ts';
import { ERROR_CODES } from '../../src/error_codes.ts';
import * as gannet from '../../src/errors.ts';
import type { PublicExport } from './declarations.ts';

type ErrorClass = keyof typeof ERROR_CODES;

const NOTE = '<!-- Written by `npm run docs` from src/error_codes.ts. -->';

const INTRODUCTION = `What gannet raises on purpose is a \`GannetError\` of one of the classes below. Its \`code\` stays the same from version to version; its
message may change, and names the thing, what was expected, what came, and what to do. How to catch them, [the guide to the
library](library.md#errors) shows; with \`--json\` the command line prints them as \`{"type":"error","name":...,"code":...,"message":...,"exitCode":...}\`.

A command line that cannot be read is a \`UsageError\` of exit code 2, with a code that begins with \`commander.\`. Anything else that ends
a command was not foreseen: its code is \`unforeseen\`, its exit code 1, and \`GANNET_DEBUG=1\` shows where it comes from.`;

/** docs/errors.md: every code by its class, with the exit code that it gives the command line. */
export const errorsPage = (exports: readonly PublicExport[]): string =>
  `${NOTE}\n\n# Errors\n\n${INTRODUCTION}\n\n${classes.map((name) => section(name, exports)).join('\n\n')}\n`;

const classes = Object.keys(ERROR_CODES) as ErrorClass[];

function section(name: ErrorClass, exports: readonly PublicExport[]): string {
  const doc = exports.find((candidate) => candidate.name === name)?.doc;
  if (!doc) throw new Error(`${name} is not exported with a docstring`);
  const rows = Object.entries(ERROR_CODES[name]).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const table = rows.map(([code, meaning]) => `| \`${code}\` | ${meaning} |`).join('\n');
  return `## ${name}\n\n${doc} Exit code ${exitCode(name)}.\n\n| code | what it means, and what to do |\n| --- | --- |\n${table}`;
}

function exitCode(name: ErrorClass): number {
  const raise = Object.entries(gannet).find(([key]) => key === name)?.[1] as new (
    code: string,
    message: string,
  ) => Error;
  return exitCodeOf(new raise('', ''));
}
