import { execFile } from 'node:child_process';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { PACKAGE_ROOT, packageVersion } from '../../package.ts';

/** Where and how a run was started, as environment.json keeps it. */
export interface Environment {
  readonly gannet: string;
  /** Commit of the git repository that gannet lies in; null outside of one. */
  readonly commit: string | null;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly device: string;
  readonly seed: number;
  /** What the run is trained on, its folder as an absolute path. */
  readonly data: string;
  readonly argv: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
}

/** Describes this machine and this process. `device` is its kind and model, such as `cpu: AMD EPYC`. */
export async function describeEnvironment(told: Pick<Environment, 'device' | 'seed' | 'data'>): Promise<Environment> {
  const processors = cpus();
  return {
    gannet: packageVersion(),
    commit: await gitCommit(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    ...told,
    argv: process.argv,
    startedAt: new Date().toISOString(),
  };
}

async function gitCommit(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: PACKAGE_ROOT });
    return stdout.trim();
  } catch {
    // No git, no repository, or no commit yet: a run does not need one.
    return null;
  }
}
