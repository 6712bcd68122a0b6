import { createRequire } from 'node:module';
import { arch, cpus, platform, release } from 'node:os';
import { openDataset } from '../data/index.ts';
import { type Device, listDevices, type NativeDeviceInfo, openDevice } from '../device/index.ts';
import { GannetError } from '../errors.ts';
import { add } from '../ops/index.ts';
import { packageVersion } from '../package.ts';
import { feed, trace } from '../tensor/trace.ts';

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
  let devices: readonly NativeDeviceInfo[];
  try {
    devices = listDevices();
  } catch (error) {
    return [{ name: 'addon', ok: false, optional: false, ...problemOf(error) }];
  }
  const addon: Finding = { name: 'addon', ok: true, optional: false, detail: 'loads' };
  return [addon, ...(await Promise.all(devices.map(findDevice)))];
}

async function findDevice({ kind, available, description, details, problem }: NativeDeviceInfo): Promise<Finding> {
  const name = `device ${kind}`;
  const optional = kind !== 'cpu';
  if (!available) return { name, ok: false, optional, detail: problem };
  const numbers = Object.entries(details).map(([key, value]) => `${key} ${value}`);
  try {
    await tryDevice(openDevice(kind as 'cpu' | 'cuda'));
    return { name, ok: true, optional, detail: [description, ...numbers].join(', ') };
  } catch (error) {
    return { name, ok: false, optional, ...problemOf(error) };
  }
}

/** Lets a device add 1 and 1. @throws DeviceError */
async function tryDevice(device: Device): Promise<void> {
  try {
    const executable = await device.load(trace('try', () => ({ sum: add(feed('x', [1]), 1) })));
    const { outputs } = await device.run([{ executable, feeds: { x: Float32Array.of(1) }, fetch: true }]);
    const sum = outputs[0]?.sum?.[0];
    if (sum !== 2) throw new Error(`it adds 1 and 1 to ${sum}`);
  } finally {
    device.close();
  }
}

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
