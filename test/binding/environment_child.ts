// A process of its own, started by environment.test.ts: tells as JSON what the CPU device says of itself, and digests of what it
// computes.
import { createHash } from 'node:crypto';
import { listDevices, openDevice } from '../../src/device/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { createModel, hostLatents, TrainingSession } from '../../src/train/index.ts';

/** What the child prints. */
export interface EnvironmentReport {
  readonly details: Readonly<Record<string, string>>;
  /** Digest of the initial weights, which are random numbers. */
  readonly initialWeights: string;
  /** Digest of images drawn by them. */
  readonly images: string;
}

const digest = (arrays: readonly ArrayBufferView[]): string => {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of arrays) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
};

const config = resolveConfig({ recipe: 'dcgan-digits', data: 'none' });
// More than many machines have cores, which OpenMP would not give by itself.
const session = TrainingSession.forSampling(createModel(config), openDevice('cpu', { threads: 3 }));
await session.initialize();
const weights = await Promise.all(session.variables.map((variable) => session.read(variable)));
const { data } = await session.sample(hostLatents(config.latent, 16, 1));
session.close();

const report: EnvironmentReport = {
  details: listDevices().find(({ kind }) => kind === 'cpu')?.details ?? {},
  initialWeights: digest(weights),
  images: digest([data]),
};
console.log(JSON.stringify(report));
