import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../package.ts';

/** What the scripts in scripts/bench print. */
export interface PytorchResult {
  readonly imagesPerSecond: number;
  readonly medianMs: number;
  /** The largest resident size above that after importing torch. */
  readonly peakRssBytes: number;
  readonly memoryFormat: string;
  readonly torchVersion: string;
  /** The BLAS library behind it; `reference` makes it unfairly slow. */
  readonly blas: string;
}

/** Debian installs torch for its own interpreter, which need not be the first in the path. */
const INTERPRETERS = ['/usr/bin/python3', 'python3'];

const SCRIPTS = join(PACKAGE_ROOT, 'scripts/bench');

/** The first Python that can import torch; undefined if there is none. */
export async function findPytorch(): Promise<string | undefined> {
  for (const python of INTERPRETERS) {
    const found = await promisify(execFile)(python, ['-c', 'import torch']).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  return undefined;
}

export interface PytorchRun {
  /** The file in scripts/bench. */
  readonly script: string;
  readonly batch: number;
  readonly threads: number;
  readonly steps: number;
  /** Only this memory format; both, and the faster counts, if not given. */
  readonly format?: string | undefined;
}

/** Times a recipe's step in PyTorch, in a process of its own. */
export async function timePytorch(python: string, { script, format, ...counts }: PytorchRun): Promise<PytorchResult> {
  const flags = Object.entries(counts).flatMap(([name, value]) => [`--${name}`, String(value)]);
  if (format !== undefined) flags.push('--format', format);
  const { stdout } = await promisify(execFile)(python, ['-B', join(SCRIPTS, script), ...flags]);
  return JSON.parse(stdout) as PytorchResult;
}
