import { DeviceError } from '../../errors.ts';
import { explainFailure, isMissing } from './remedies.ts';

/** The API that every tfjs package shares. */
export type Tfjs = typeof import('@tensorflow/tfjs');

/** The packages that bring tfjs, fastest first. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs'] as const;
export type TfjsPackage = (typeof PACKAGES)[number];

export interface LoadedTfjs {
  readonly tf: Tfjs;
  readonly package: TfjsPackage;
  /** What runs the ops: `tensorflow on a GPU` or `tensorflow on the processor` of the node packages, or `cpu`, plain JavaScript. */
  readonly backend: string;
  /** Faster packages that are installed but do not load, each with the cause and what to do. */
  readonly passedOver: readonly string[];
}

export interface TfjsOptions {
  /** Tried in this order. */
  readonly packages?: readonly TfjsPackage[];
  /** Imports a package. */
  readonly load?: (name: TfjsPackage) => Promise<unknown>;
}

/** Imports the fastest tfjs that is installed and works here. @throws DeviceError `tfjs_missing` with why each was passed over */
export async function loadTfjs({
  packages = PACKAGES,
  load = (name) => import(name),
}: TfjsOptions = {}): Promise<LoadedTfjs> {
  const problems: string[] = [];
  const passedOver: string[] = [];
  for (const name of packages) {
    try {
      const module = (await load(name)) as { readonly default?: Tfjs };
      return { ...(await ready(module.default ?? (module as Tfjs), name)), package: name, passedOver };
    } catch (error) {
      const problem = explainFailure(name, error as Error);
      problems.push(problem);
      if (!isMissing(name, error as Error)) passedOver.push(problem);
    }
  }
  const details = problems.map((problem) => `\n${problem.replaceAll(/^/gm, '  ')}`).join('');
  throw new DeviceError(
    'tfjs_missing',
    `device 'tfjs' expects one of these packages, but none loads here:${details}\n  Plain JavaScript runs everywhere: \`npm install @tensorflow/tfjs\`. Without tfjs, compare with the oracle.`,
  );
}

async function ready(tf: Tfjs, name: TfjsPackage): Promise<Pick<LoadedTfjs, 'tf' | 'backend'>> {
  // Silences the advertisement that the cpu backend prints.
  tf.enableProdMode();
  // Left to itself, plain tfjs would try WebGL first.
  if (name === '@tensorflow/tfjs') await tf.setBackend('cpu');
  await tf.ready();
  expectSum(tf);
  return { tf, backend: describeBackend(tf) };
}

/** Packages of tfjs that a Node version breaks load all the same, and fail at the first op. */
function expectSum(tf: Tfjs): void {
  const [sum] = tf.tidy(() => tf.add(tf.tensor1d([1]), tf.tensor1d([2])).dataSync());
  if (sum !== 3) throw new Error(`it adds 1 and 2 to ${sum}`);
}

/** TensorFlow falls back to the processor in silence where it finds no GPU. */
function describeBackend(tf: Tfjs): string {
  const { isUsingGpuDevice } = tf.backend() as { readonly isUsingGpuDevice?: boolean };
  if (isUsingGpuDevice === undefined) return tf.getBackend();
  return `${tf.getBackend()} on ${isUsingGpuDevice ? 'a GPU' : 'the processor'}`;
}
