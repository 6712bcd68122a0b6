import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/cli/run.ts';
import { STARTER } from '../starter.ts';
import { tinyData } from '../train/tiny.ts';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Sends signals to the command. */
  readonly signals?: EventEmitter;
  readonly environment?: Record<string, string>;
  /** Called with everything written to stdout, as it is written. */
  readonly onStdout?: (text: string) => void;
  readonly quit?: () => void;
}

/** Runs a command line within this process. */
export async function gannet(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const { signals = new EventEmitter(), environment = {}, onStdout = () => {}, quit = () => {} } = options;
  let stdout = '';
  let stderr = '';
  const exitCode = await run(argv, {
    stdout: {
      write: (text) => {
        stdout += text;
        onStdout(text);
      },
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
    },
    environment,
    signals,
    quit,
  });
  return { exitCode, stdout, stderr };
}

/** The JSON values of an output that has one per line. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** The arguments of a training that takes a fraction of a second. */
export const tinyTraining = (...more: string[]): string[] => [
  ...['train', 'dcgan-digits', '--data', tinyData(), '--size', '16', '--batch', '8', '--steps', '6', '--device', 'cpu'],
  ...['--threads', '1', '--set', 'model.width=2', '--set', 'latent.size=4', '--set', 'sampleCount=4'],
  ...['--set', 'logEvery=2', '--set', 'sampleEvery=3', '--set', 'checkpointEvery=2'],
  ...['--set', 'health.collapseBelow=0', ...more],
];

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Starts a command line as a process of its own. @param options of Node */
export const spawnGannet = (argv: readonly string[], options: readonly string[] = []): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, [...options, '--import', STARTER, 'src/cli/main.ts', ...argv], { cwd: root });
