import * as assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { NativeAddon, NativeDevice } from '../../../src/device/native.ts';
import type { Program } from '../../../src/graph/program.ts';
import { Sketch } from '../../../test/binding/support.ts';
import type { Random } from '../random.ts';

/** A use of the addon that no honest program makes. It throws where the addon does not answer as it should. */
export type Use = (random: Random) => Promise<void>;

/** Where the addon lies: the one that was built last, or the one that GANNET_ADDON names. */
export const addonPath =
  process.env.GANNET_ADDON ?? fileURLToPath(new URL('../../../build/Release/gannet.node', import.meta.url));

export const addon: NativeAddon = createRequire(import.meta.url)(addonPath);

export const open = (): NativeDevice => addon.openDevice('cpu', { threads: 1 });

/** y = x + v of `size` elements, with one feed and one variable. */
export function sum(size: number, change: Partial<Program> = {}): Program {
  const sketch = new Sketch();
  const expression = {
    access: ['full' as const, 'full' as const],
    instructions: [{ fn: 'add' as const, args: [0, 1] }],
  };
  const [x, v] = [sketch.feed([size]), sketch.variable([size])];
  sketch.output(sketch.step('elementwise', { expression }, [x, v], [size]));
  return { ...sketch.program(), ...change };
}

/** Loads y = x + v with a variable of its own. */
export async function loadSum(device: NativeDevice, size = 4): Promise<{ program: number; variable: number }> {
  const variable = device.createVariable(4 * size);
  const { program } = await device.load(sum(size), [variable]);
  return { program, variable };
}

/** Runs a program with one feed and returns its first output. */
export async function outputOf(device: NativeDevice, program: number, feed: Float32Array): Promise<Float32Array> {
  const { outputs } = await device.run([{ program, feeds: [feed], fetch: true }], { profile: false });
  return new Float32Array(outputs[0]?.[0] as ArrayBuffer);
}

/** Asserts that the work fails with the code. */
export async function expectCode(code: string, work: () => unknown): Promise<void> {
  let answer: unknown;
  try {
    answer = await work();
  } catch (error) {
    assert.equal((error as { code?: string }).code, code, String((error as Error).message));
    return;
  }
  assert.fail(`expected ${code}, but received ${String(answer)}`);
}

/** Asserts that the device still works. */
export async function expectHealthy(device: NativeDevice): Promise<void> {
  const { program } = await loadSum(device);
  assert.deepEqual([...(await outputOf(device, program, Float32Array.of(1, 2, 3, 4)))], [1, 2, 3, 4]);
}
