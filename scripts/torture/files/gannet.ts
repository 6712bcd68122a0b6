import { EventEmitter } from 'node:events';
import { run } from '../../../src/cli/run.ts';

/** How a command ended. */
export interface Ending {
  readonly exitCode: number;
  /** What it wrote to stderr. */
  readonly errors: string;
}

/** Runs a command line within this process. */
export async function gannet(argv: readonly string[]): Promise<Ending> {
  let errors = '';
  const exitCode = await run(argv, {
    stdout: { write: () => {} },
    stderr: {
      write: (text) => {
        errors += text;
      },
    },
    environment: {},
    signals: new EventEmitter(),
    quit: () => {},
  });
  return { exitCode, errors };
}
