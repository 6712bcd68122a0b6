import { createRequire } from 'node:module';
import { arch, cpus, platform, release } from 'node:os';
import { openDataset } from '../data/index.ts';
import { type CheckReport, type DeviceTest, testDevices } from '../device/index.ts';
import { GannetError } from '../errors.ts';
import { packageVersion } from '../package.ts';

/** One thing that gannet uses, and whether it is there and works. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** gannet trains without it. */
  readonly optional: boolean;
  /** Version or model if it is there, the problem if not. */
  readonly detail: string;
  /** How to get it. */
  readonly remedy?: string;
}

/** Looks at everything that gannet uses. */
export async function diagnose(): Promise<Finding[]> {
  return [
    { name: 'gannet', ok: true, optional: false, detail: packageVersion() },
    { name: 'node', ok: true, optional: false, detail: `${process.version} on ${platform()} ${release()} ${arch()}` },
    {
      name: 'processor',
      ok: true,
      optional: false,
      detail: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores`,
    },
    ...(await findDevices()),
    await findSharp(),
    await findData('mnist'),
    await findData('fashion-mnist'),
    ...TFJS_PACKAGES.map(findPackage),
  ];
}

async function findDevices(): Promise<Finding[]> {
  try {
    const devices = await testDevices();
    return [{ name: 'addon', ok: true, optional: false, detail: 'loads' }, ...devices.map(findingOfDevice)];
  } catch (error) {
    return [{ name: 'addon', ok: false, optional: false, ...problemOf(error) }];
  }
}

function findingOfDevice({ info, check, failure }: DeviceTest): Finding {
  const { kind, description, details } = info;
  const finding = { name: `device ${kind}`, optional: kind !== 'cpu' };
  if (failure) return { ...finding, ok: false, ...problemOf(failure) };
  const numbers = Object.entries(details).map(([key, value]) => `${key} ${value}`);
  return { ...finding, ok: true, detail: [description, ...numbers, ...(check ? [described(check)] : [])].join(', ') };
}

const described = ({ results, precisions, elapsedMs }: CheckReport): string =>
  `self-check passed (${results} results in ${precisions.join(', ')}, ${(elapsedMs / 1000).toFixed(1)} s)`;

async function findSharp(): Promise<Finding> {
  const finding = { name: 'sharp', optional: false };
  try {
    const { versions } = (await import('sharp')).default;
    return { ...finding, ok: true, detail: `${versions.sharp} with libvips ${versions.vips}` };
  } catch (error) {
    return { ...finding, ok: false, ...problemOf(error), remedy: 'npm install --include=optional sharp' };
  }
}

async function findData(name: string): Promise<Finding> {
  const finding = { name: `data ${name}`, optional: true };
  try {
    // The smaller part tells as well whether the files are there and whole.
    const { count } = await openDataset(name, { split: 'test' });
    return { ...finding, ok: true, detail: `found, with ${count} test images` };
  } catch (error) {
    return { ...finding, ok: false, ...problemOf(error) };
  }
}

const TFJS_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs'];

function findPackage(name: string): Finding {
  const finding = { name, optional: true };
  try {
    const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
    return { ...finding, ok: true, detail: version };
  } catch {
    return {
      ...finding,
      ok: false,
      detail: 'not installed; only comparisons with tfjs use it',
      remedy: `npm install ${name}`,
    };
  }
}

/** The first line of a message is the problem; the rest, indented, what to do. */
function problemOf(error: unknown): Pick<Finding, 'detail' | 'remedy'> {
  const [detail = '', ...rest] = (error as Error).message.split('\n');
  return {
    detail,
    ...(error instanceof GannetError && rest.length > 0 && { remedy: rest.map((line) => line.trim()).join('\n') }),
  };
}
