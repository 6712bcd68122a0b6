import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import type { Slot } from '../../src/graph/program.ts';
import type { OpAttributes } from '../../src/tensor/operators.ts';
import { addon, numbers, runOnce, Sketch } from '../binding/support.ts';
import { expectSame, IDENTITY, rounded } from './works.ts';

// A variable that a program reads as bfloat16 has a rounded copy on the device, which is right at any time, whatever has written the
// variable: the host, an optimiser, an assignment.

const device = addon.openDevice(process.env.GANNET_KERNEL_DEVICE === 'cuda' ? 'cuda' : 'simt', {
  threads: 0,
  precision: 'bfloat16',
});

/** Four to a thread, and ends of less. */
const SIZES = [1, 3, 1024, 2051];

const asCopy = (slot: Slot): Slot => ({ ...slot, dtype: 'bfloat16' });

/** A program whose output is what the copy of its only variable holds. */
function reader(size: number): Sketch {
  const sketch = new Sketch();
  sketch.output(sketch.step('elementwise', IDENTITY, [asCopy(sketch.variable([size]))], [size]));
  return sketch;
}

async function variableOf(values: Float32Array): Promise<number> {
  const id = device.createVariable(values.byteLength);
  await device.writeVariable(id, values);
  return id;
}

/** Fails unless the copy is the variable, rounded. */
async function expectCopy(variable: number, what: string): Promise<void> {
  const values = new Float32Array(await device.readVariable(variable));
  const [copy] = await runOnce(device, reader(values.length), [], [variable]);
  expectSame(copy as Float32Array, rounded(values), what);
}

test('a copy begins as what is in the variable, zeros or numbers, and follows what the host writes', async () => {
  for (const size of SIZES) {
    await expectCopy(device.createVariable(4 * size), `${size} zeros`);
    const variable = await variableOf(numbers([size], 1).data);
    await expectCopy(variable, `${size} numbers`);
    await device.writeVariable(variable, numbers([size], 2).data);
    await expectCopy(variable, `${size} other numbers`);
  }
});

const UPDATES = {
  assign: { slots: 0, settings: {}, scalars: 0 },
  sgd: { slots: 0, settings: { clip: 0.5 }, scalars: 1 },
  momentum: { slots: 1, settings: { clip: 0.5, momentum: 0.9 }, scalars: 1 },
  adagrad: { slots: 1, settings: { clip: 0.5, epsilon: 1e-10 }, scalars: 1 },
  adadelta: { slots: 2, settings: { clip: 0.5, decay: 0.9, epsilon: 1e-6 }, scalars: 1 },
  rmsprop: { slots: 1, settings: { clip: 0.5, decay: 0.99, epsilon: 1e-8 }, scalars: 1 },
  adam: { slots: 2, settings: { clip: 0.5, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 }, scalars: 2 },
} as const;
type Update = keyof typeof UPDATES;

/** A program that updates its first variable, whose slots are the others, from a feed. */
function updating(op: Update, size: number): Sketch {
  const { slots, settings, scalars } = UPDATES[op];
  const sketch = new Sketch();
  const states = Array.from({ length: slots + 1 }, () => sketch.variable([size]));
  const fed = [sketch.feed([size]), ...Array.from({ length: scalars }, () => sketch.feed([]))];
  sketch.update(op, settings as OpAttributes[Update], [...states, ...fed]);
  return sketch;
}

/** A loaded update, and what runs it once. */
async function loaded(
  op: Update,
  size: number,
  variables: readonly number[],
): Promise<(step: number) => Promise<void>> {
  const { program } = await device.load(updating(op, size).program(), variables);
  const scalars = [Float32Array.of(0.01), Float32Array.of(1)].slice(0, UPDATES[op].scalars);
  return async (step) => {
    const feeds = [numbers([size], 10 + step).data, ...scalars];
    await device.run([{ program, feeds, fetch: false }], { profile: false });
  };
}

for (const op of Object.keys(UPDATES) as Update[]) {
  test(`copies of weights and slots follow ${op}, and what was recorded before they were there`, async () => {
    for (const size of SIZES) {
      const variables: number[] = [];
      for (let i = 0; i <= UPDATES[op].slots; i++)
        variables.push(await variableOf(numbers([size], i + 1).data.map(Math.abs)));
      const run = await loaded(op, size, variables);
      await run(1);
      for (const step of [2, 3, 4]) {
        for (const [i, variable] of variables.entries())
          await expectCopy(variable, `${size}, step ${step}, state ${i}`);
        await run(step);
      }
    }
  });
}

async function failure(sketch: Sketch, variables: readonly number[], on: NativeDevice = device): Promise<string> {
  try {
    await on.load(sketch.program(), variables);
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return 'none';
}

test('only variables of float32 have copies, which nothing but the device writes', async () => {
  const fed = new Sketch();
  fed.output(fed.step('elementwise', IDENTITY, [asCopy(fed.feed([8]))], [8]));
  assert.match(
    await failure(fed, []),
    /slot_out_of_range.*feed 'feed0' is float32\[8\], but the slot is bfloat16\[8\]/,
  );

  const whole = new Sketch();
  whole.output(whole.step('elementwise', IDENTITY, [asCopy(whole.variable([8], 'int32'))], [8]));
  assert.match(await failure(whole, [device.createVariable(32)]), /slot_out_of_range.*is int32\[8\]/);

  const written = new Sketch();
  const copy = asCopy(written.variable([8]));
  written.update('assign', {}, [copy, written.step('elementwise', IDENTITY, [written.feed([8])], [8], 'bfloat16')]);
  assert.match(await failure(written, [device.createVariable(32)]), /must be a variable, and not its bfloat16 copy/);
});

test('devices of other precisions refuse programs that read copies', async () => {
  for (const [kind, precision] of [
    ['simt', 'tf32'],
    ['cpu', 'auto'],
  ] as const) {
    const other = addon.openDevice(kind, { threads: 0, precision });
    assert.match(await failure(reader(8), [other.createVariable(32)], other), /precision_unsupported/);
    other.close();
  }
});

test.after(() => device.close());
test.run();
