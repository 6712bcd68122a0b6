import { DeviceError } from '../../errors.ts';

/** The API that every tfjs package shares. */
export type Tfjs = typeof import('@tensorflow/tfjs');

/** The packages that bring tfjs, fastest first. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs'] as const;
export type TfjsPackage = (typeof PACKAGES)[number];

export interface LoadedTfjs {
  readonly tf: Tfjs;
  readonly package: TfjsPackage;
  /** The backend that runs the ops: `tensorflow` of the node packages, or `cpu`. */
  readonly backend: string;
}

/** Imports the fastest tfjs that is installed and loads here. @throws DeviceError `tfjs_missing` with why each was passed over */
export async function loadTfjs(packages: readonly TfjsPackage[] = PACKAGES): Promise<LoadedTfjs> {
  const problems: string[] = [];
  for (const name of packages) {
    try {
      const module = await import(name);
      return await ready(module.default ?? module, name);
    } catch (error) {
      problems.push(`  ${name}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  throw new DeviceError(
    'tfjs_missing',
    `device 'tfjs' expects one of these packages, but none loads here:\n${problems.join('\n')}\n  Install one, such as \`npm install @tensorflow/tfjs\`.`,
  );
}

async function ready(tf: Tfjs, name: TfjsPackage): Promise<LoadedTfjs> {
  // Silences the advertisement that the cpu backend prints.
  tf.enableProdMode();
  // Left to itself, plain tfjs would try WebGL first.
  if (name === '@tensorflow/tfjs') await tf.setBackend('cpu');
  await tf.ready();
  return { tf, package: name, backend: tf.getBackend() };
}
