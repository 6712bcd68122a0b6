import { execFile } from 'node:child_process';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { PACKAGE_ROOT, packageVersion } from '../../package.ts';
import type { Sitting } from './sittings.ts';

/** What a run began with in place of weights of its own, as environment.json keeps it. */
export interface StartingWeights {
  /** The folder of the run that they are of, an absolute path. */
  readonly run: string;
  readonly step: number;
  /** SHA-256 of that checkpoint's generator and discriminator. */
  readonly sha256: string;
  /** Why some variables began anew, a sentence for each. */
  readonly anew: readonly string[];
  /** The keys that decide the form of networks in which the two runs differ, such as `model.width from 8 to 16`. */
  readonly differ: readonly string[];
}

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
  /** Only of a run that began with another one's weights. */
  readonly weights?: StartingWeights;
  readonly argv: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  /** Every stretch of training so far, in the order in which they began. */
  readonly sittings: readonly Sitting[];
}

/** Describes this machine and this process. `device` is its kind and model, such as `cpu: AMD EPYC`. */
export async function describeEnvironment({
  device,
  seed,
  data,
  weights,
  sittings,
}: Pick<Environment, 'device' | 'seed' | 'data' | 'weights' | 'sittings'>): Promise<Environment> {
  const processors = cpus();
  return {
    gannet: packageVersion(),
    commit: await gitCommit(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    device,
    seed,
    data,
    ...(weights && { weights }),
    argv: process.argv,
    startedAt: new Date().toISOString(),
    sittings,
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
