import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../package.ts';

/** What scripts/bench/dcgan_step.py prints. */
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

const SCRIPT = join(PACKAGE_ROOT, 'scripts/bench/dcgan_step.py');

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

/** Times the same DCGAN step in PyTorch, in a process of its own. @param format only this memory format; both, and the faster
 *  counts, if not given */
export async function timePytorch(
  python: string,
  { batch, threads, steps, format }: { batch: number; threads: number; steps: number; format?: string | undefined },
): Promise<PytorchResult> {
  const counts = { batch, threads, steps, warmup: 1 };
  const flags = Object.entries(counts).flatMap(([name, value]) => [`--${name}`, String(value)]);
  if (format !== undefined) flags.push('--format', format);
  const { stdout } = await promisify(execFile)(python, ['-B', SCRIPT, ...flags]);
  return JSON.parse(stdout) as PytorchResult;
}
