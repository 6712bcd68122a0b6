import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MemoryUse } from '../../src/device/device.ts';
import type { NativeDevice } from '../../src/device/native.ts';
import type { Slot } from '../../src/graph/program.ts';
import { addon, applyOp, numbers, runOnce, Sketch } from '../binding/support.ts';

const simulated = process.env.GANNET_KERNEL_DEVICE !== 'cuda';
const kind = simulated ? 'simt' : 'cuda';
const onSimulator = simulated ? test : test.skip;

const PRECISIONS = ['float32', 'tf32', 'bfloat16'] as const;
const open = (precision = 'float32'): NativeDevice => addon.openDevice(kind, { threads: 0, precision });

/** Runs `body` with a device that is opened under environment variables. */
async function withDevice(
  body: (device: NativeDevice) => Promise<void>,
  { precision = 'float32', ...environment }: Record<string, string> = {},
): Promise<void> {
  const before = { ...process.env };
  Object.assign(process.env, environment);
  let device: NativeDevice | undefined;
  try {
    device = open(precision);
    await body(device);
  } finally {
    device?.close();
    for (const name of Object.keys(environment)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

async function failure(action: () => unknown): Promise<Error & { code: string; op?: string }> {
  try {
    await action();
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error('nothing failed');
}

const WINDOW = { stride: [2, 2], padding: [1, 2, 1, 2] } as const;

/** A convolution, both of its gradients, a sum, and the moments of samples. */
function network(): { sketch: Sketch; feeds: Float32Array[] } {
  const sketch = new Sketch();
  const x = sketch.feed([2, 8, 8, 8]);
  const w = sketch.feed([12, 5, 5, 8]);
  const y = sketch.step('conv2d', WINDOW, [x, w], [2, 4, 4, 12]);
  const dx = sketch.step('conv2dInputGradient', { ...WINDOW, inputSize: [8, 8] }, [y, w], [2, 8, 8, 8]);
  const dw = sketch.step('conv2dFilterGradient', { ...WINDOW, filterSize: [5, 5] }, [x, y], [12, 5, 5, 8]);
  const expression = { access: ['full'], instructions: [] } as const;
  const sum = sketch.step('reduce', { expression, kind: 'sum', extent: [1, 32, 12] }, [y], [12]);
  const moments = sketch.step('reduceMoments', { expression, extent: [2, 192, 1] }, [y], [2, 2]);
  for (const slot of [y, dx, dw, sum, moments]) sketch.output(slot);
  return { sketch, feeds: [numbers([2, 8, 8, 8], 1).data, numbers([12, 5, 5, 8], 2).data] };
}

test('the CUDA kernels cover every op that the CPU executes', () => {
  const covered = new Set(addon.supportedOps(kind));
  assert.equal(
    addon.supportedOps('cpu').filter((op) => !covered.has(op)),
    [],
  );
});

for (const precision of PRECISIONS) {
  onSimulator(`the order in which threads run changes no bit in ${precision}`, async () => {
    const results: Float32Array[][] = [];
    for (const seed of ['1', '2', '77']) {
      const { sketch, feeds } = network();
      await withDevice(async (device) => void results.push(await runOnce(device, sketch, feeds)), {
        precision,
        GANNET_SIMT_SEED: seed,
      });
    }
    assert.equal(results[1], results[0]);
    assert.equal(results[2], results[0]);
  });
}

test('a precision rounds what is multiplied and nothing else', async () => {
  const a = { shape: [16, 16], data: new Float32Array(256).fill(1 + 2 ** -11) };
  const b = { shape: [16, 16], data: Float32Array.from({ length: 256 }, (_, i) => (i % 17 === 0 ? 1 : 0)) };
  const attributes = { transposeA: false, transposeB: false };
  const product = async (precision: string): Promise<number> => {
    const device = open(precision);
    const [first] = await applyOp(device, 'matmul', attributes, [a, b], [16, 16]);
    device.close();
    return first as number;
  };
  assert.is(await product('float32'), 1 + 2 ** -11);
  assert.is(await product('tf32'), 1 + 2 ** -10);
  assert.is(await product('bfloat16'), 1);
});

test('the memory in use grows by what variables take, and shrinks when they are released', () =>
  withDevice(async (device) => {
    const used = async (): Promise<number> => {
      const { usedBytes, totalBytes } = (await device.memoryUse()) as MemoryUse;
      assert.ok(usedBytes <= totalBytes);
      return usedBytes;
    };
    const bytes = 64 * 2 ** 20;
    // Devices that were closed before may still be giving back theirs.
    const most = bytes - 2 ** 20;
    const before = await used();
    const variable = device.createVariable(bytes);
    await device.writeVariable(variable, new Float32Array(bytes / 4));
    const between = await used();
    assert.ok(between - before >= most, `${between - before} bytes more`);
    device.releaseVariable(variable);
    assert.ok(between - (await used()) >= most);
  }));

test('a precision that does not exist is refused', async () => {
  const error = await failure(() => open('float16'));
  assert.is(error.code, 'precision_unsupported');
  assert.match(error.message, /'float16'.*'bfloat16'/);
});

test('a program recorded once replays with new feeds, and again after memory has moved', async () => {
  await withDevice(async (device) => {
    const { program } = await device.load(doubling().program(), []);
    const run = async (...values: number[]) => {
      const call = { program, feeds: [Float32Array.from(values)], fetch: true };
      const { outputs } = await device.run([call], { profile: false });
      return [...new Float32Array(outputs[0]?.[0] as ArrayBuffer)];
    };
    assert.equal(await run(1, 2, 3), [2, 4, 6]);
    assert.equal(await run(4, 5, 6), [8, 10, 12]);
    const { sketch } = network();
    await device.load(sketch.program(), []);
    assert.equal(await run(7, 8, 9), [14, 16, 18]);
  });
});

test('calls of one run see each other through variables, and feeds are their own', async () => {
  await withDevice(async (device) => {
    const total = device.createVariable(4);
    const sketch = new Sketch();
    const [sum, x] = [sketch.variable([1]), sketch.feed([1])];
    const expression = { access: ['full', 'full'], instructions: [{ fn: 'add', args: [0, 1] }] } as const;
    sketch.update('assign', {}, [sum, sketch.step('elementwise', { expression }, [sum, x], [1])]);
    const { program } = await device.load(sketch.program(), [total]);
    const calls = [1, 10, 100].map((value) => ({ program, feeds: [Float32Array.of(value)], fetch: false }));
    await device.run(calls, { profile: false });
    assert.equal([...new Float32Array(await device.readVariable(total))], [111]);
  });
});

/** A program that doubles three numbers. */
function doubling(): Sketch {
  const sketch = new Sketch();
  const expression = { access: ['full'], instructions: [{ fn: 'add', args: [0, 0] }] } as const;
  sketch.output(sketch.step('elementwise', { expression }, [sketch.feed([3])], [3]));
  return sketch;
}

test('the calls of one run are one graph, in which each has feeds and outputs of its own', async () => {
  await withDevice(async (device) => {
    const { program } = await device.load(doubling().program(), []);
    const call = (value: number, fetch: boolean) => ({ program, feeds: [new Float32Array(3).fill(value)], fetch });
    for (const factor of [1, 10]) {
      const calls = [call(factor, true), call(2 * factor, false), call(3 * factor, true)];
      const { outputs, graphLaunches } = await device.run(calls, { profile: false });
      assert.is(graphLaunches, 1);
      assert.equal(
        outputs.map((buffers) => buffers.map((buffer) => new Float32Array(buffer)[2])),
        [[2 * factor], [], [6 * factor]],
      );
    }
  });
});

test('of several calls in one run, the one that met an index out of range is blamed, and the next run is sound', async () => {
  const lookup = (rows: number): Sketch => {
    const sketch = new Sketch();
    const [table, indices] = [sketch.feed([rows, 4]), sketch.feed([2], 'int32')];
    sketch.output(sketch.step('gather', {}, [table, indices], [2, 4]));
    return sketch;
  };
  await withDevice(async (device) => {
    const { program: small } = await device.load(lookup(3).program(), []);
    const { program: large } = await device.load(lookup(9).program(), []);
    const call = (program: number, rows: number, index: number) => ({
      program,
      feeds: [new Float32Array(rows * 4), Int32Array.of(0, index)],
      fetch: true,
    });
    const error = await failure(() => device.run([call(small, 3, 2), call(large, 9, 9)], { profile: false }));
    assert.match(error.message, /index 1 is 9, but must be from 0 to 8/);
    await device.run([call(small, 3, 2), call(large, 9, 8)], { profile: false });
  });
});

test('more sequences of calls than graphs are kept for run all the same', async () => {
  await withDevice(async (device) => {
    const { program } = await device.load(doubling().program(), []);
    for (let count = 1; count <= 40; count++) {
      const calls = Array.from({ length: count }, (_, i) => ({
        program,
        feeds: [new Float32Array(3).fill(i)],
        fetch: i === count - 1,
      }));
      const { outputs } = await device.run(calls, { profile: false });
      assert.is(new Float32Array(outputs.at(-1)?.[0] as ArrayBuffer)[0], 2 * (count - 1));
    }
  });
});

test('waiting for every launch gives the same bits', async () => {
  const { sketch, feeds } = network();
  const results: Float32Array[][] = [];
  await withDevice(async (device) => void results.push(await runOnce(device, sketch, feeds)));
  await withDevice(async (device) => void results.push(await runOnce(device, sketch, feeds)), {
    GANNET_CUDA_SYNC: '1',
  });
  assert.equal(results[1], results[0]);
});

test('a profile has a time for every step', async () => {
  await withDevice(async (device) => {
    const { sketch, feeds } = network();
    const { program } = await device.load(sketch.program(), []);
    const { stepMs } = await device.run([{ program, feeds, fetch: false }], { profile: true });
    assert.is(stepMs?.[0]?.length, 5);
    assert.ok(stepMs?.[0]?.every((ms) => ms >= 0));
  });
});

test('an index out of range names op, position and bounds, and the device goes on', async () => {
  await withDevice(async (device) => {
    const table = numbers([3, 4]);
    const error = await failure(() =>
      applyOp(device, 'gather', {}, [table, { shape: [3], data: Int32Array.of(0, 3, 1) }], [3, 4]),
    );
    assert.is(error.code, 'index_out_of_range');
    assert.is(error.op, 'gather');
    assert.match(error.message, /index 1 is 3, but must be from 0 to 2/);
    const rows = await applyOp(device, 'gather', {}, [table, { shape: [1], data: Int32Array.of(2) }], [1, 4]);
    assert.equal(rows, table.data.slice(8));
  });
});

onSimulator('a kernel that reads what nothing has written is named, and the device goes on', async () => {
  const expression = { access: ['full'], instructions: [] } as const;
  const sumOf = (sketch: Sketch, x: Slot): Sketch => {
    sketch.output(sketch.step('reduce', { expression, kind: 'sum', extent: [1, 8, 1] }, [x], [1]));
    return sketch;
  };
  await withDevice(async (device) => {
    const [unwritten, sound] = [new Sketch(), new Sketch()];
    const error = await failure(() => runOnce(device, sumOf(unwritten, unwritten.place([8])), []));
    assert.match(error.message, /reduce_rows_kernel.*block .* thread .* which nothing has written/s);
    const [sum] = await runOnce(device, sumOf(sound, sound.feed([8])), [new Float32Array(8).fill(2)]);
    assert.equal([...(sum as Float32Array)], [16]);
  });
});

onSimulator('memory that cannot be had is a typed error that says how much, and the device goes on', async () => {
  const large = new Sketch();
  large.output(large.step('constant', { value: 1 }, [], [1 << 20]));
  const small = new Sketch();
  small.output(small.step('constant', { value: 3 }, [], [2]));
  await withDevice(
    async (device) => {
      const error = await failure(() => device.load(large.program(), []));
      assert.is(error.code, 'out_of_memory');
      assert.match(error.message, /cannot allocate \d+ bytes of .* memory.*smaller batch/s);
      assert.equal([...((await runOnce(device, small, []))[0] as Float32Array)], [3, 3]);
    },
    { GANNET_SIMT_MEMORY: '1000000' },
  );
});

onSimulator('after a load that ran out of memory, earlier programs run, and the loads that fit', async () => {
  const constant = (elements: number): Sketch => {
    const sketch = new Sketch();
    const y = sketch.step('constant', { value: 3 }, [], [elements]);
    const expression = { access: ['full'], instructions: [] } as const;
    sketch.output(sketch.step('reduce', { expression, kind: 'sum', extent: [1, elements, 1] }, [y], [1]));
    return sketch;
  };
  await withDevice(
    async (device) => {
      const run = async (program: number): Promise<number> => {
        const { outputs } = await device.run([{ program, feeds: [], fetch: true }], { profile: false });
        return new Float32Array(outputs[0]?.[0] as ArrayBuffer)[0] as number;
      };
      const { program: small } = await device.load(constant(100_000).program(), []);
      assert.is(await run(small), 300_000);
      const error = await failure(() => device.load(constant(300_000).program(), []));
      assert.is(error.code, 'out_of_memory');
      assert.is(await run(small), 300_000);
      // There is no room for this one beside the other: it takes its place.
      const { program: larger } = await device.load(constant(200_000).program(), []);
      assert.is(await run(larger), 600_000);
      assert.is(await run(small), 300_000);
    },
    { GANNET_SIMT_MEMORY: '1000000' },
  );
});

onSimulator('kernels compiled for Turing multiply in float32 only, on newer GPUs too', async () => {
  const environment = { GANNET_SIMT_ARCHITECTURE: '90', GANNET_SIMT_CODE: '75' };
  for (const precision of ['tf32', 'bfloat16']) {
    const error = await failure(() => withDevice(async () => undefined, { ...environment, precision }));
    assert.is(error.code, 'precision_unsupported');
    assert.match(error.message, /the GPU, 9\.0, loads those for 75.*'float32'.*--arch 90/);
  }
  const a = { shape: [16, 16], data: new Float32Array(256).fill(1 + 2 ** -11) };
  const identity = { shape: [16, 16], data: Float32Array.from({ length: 256 }, (_, i) => (i % 17 === 0 ? 1 : 0)) };
  await withDevice(
    async (device) => {
      const attributes = { transposeA: false, transposeB: false };
      const [first] = await applyOp(device, 'matmul', attributes, [a, identity], [16, 16]);
      assert.is(first, 1 + 2 ** -11);
    },
    { ...environment, precision: 'auto' },
  );
});

onSimulator('a GPU that none of the kernels was compiled for is refused when it is opened', async () => {
  const error = await failure(() => withDevice(async () => undefined, { GANNET_SIMT_CODE: '0' }));
  assert.is(error.code, 'device_unavailable');
  assert.match(
    error.message,
    /kernels for the architectures 80, none of which runs on gannet simulator .* 8\.0 .*--arch 80/,
  );
});

onSimulator('a driver that is missing is told from one that is too old', async () => {
  const problemWith = (driver: string): string => {
    process.env.GANNET_SIMT_DRIVER = driver;
    const info = addon.listDevices().find((device) => device.kind === kind);
    delete process.env.GANNET_SIMT_DRIVER;
    return info?.problem ?? '';
  };
  assert.match(problemWith('0'), /no CUDA driver answers here \(cudaErrorInsufficientDriver\)/);
  assert.match(
    problemWith('12020'),
    /driver is too old: it knows CUDA up to 12\.2, and this addon was built with 13\.0/,
  );
  assert.is(problemWith('13000'), '');
});

test.run();
