import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NativeDevice } from '../../src/device/native.ts';
import type { Program, Slot } from '../../src/graph/program.ts';
import { addon, addonPath, numbers, Sketch } from './support.ts';

interface NativeError extends Error {
  code: string;
  op?: string;
  scope?: string;
}

/** The error that a call throws or a promise rejects with. */
async function failure(work: () => unknown): Promise<NativeError> {
  try {
    await work();
  } catch (error) {
    return error as NativeError;
  }
  throw new Error('nothing failed');
}

const open = (threads = 0): NativeDevice => addon.openDevice('cpu', { threads });

/** y = tanh(x), four elements. */
function tanhProgram(change: (program: Program, slot: Slot) => Partial<Program> = () => ({})): Program {
  const sketch = new Sketch();
  const expression = { access: ['full' as const], instructions: [{ fn: 'tanh' as const, args: [0] }] };
  const slot = sketch.step('elementwise', { expression }, [sketch.feed([4])], [4]);
  sketch.output(slot);
  const program = sketch.program();
  return { ...program, ...change(program, slot) };
}

/** A chain of matrix products that takes a good while. */
function longProgram(): { program: Program; feeds: Float32Array[] } {
  const size = 512;
  const sketch = new Sketch();
  const x = sketch.feed([size, size]);
  let y = x;
  for (let i = 0; i < 40; i++)
    y = sketch.step('matmul', { transposeA: false, transposeB: false }, [x, y], [size, size]);
  sketch.output(y);
  return { program: sketch.program(), feeds: [numbers([size, size]).data.map((v) => v / 10)] };
}

test('listDevices names every device and says why one is missing', () => {
  const devices = addon.listDevices();
  assert.equal(
    devices.map(({ kind }) => kind),
    ['cpu', 'cuda', 'simt'],
  );
  assert.ok(devices[0]?.available);
  assert.match(devices[0]?.details.oneDNN ?? '', /^\d+\.\d+\.\d+$/);
  for (const { available, problem } of devices) assert.is(available, problem === '');
});

test('supportedOps lists the ops that need no lowering', () => {
  const ops = addon.supportedOps('cpu');
  assert.ok(ops.includes('conv2d') && ops.includes('adam') && !ops.includes('tanh'));
});

test('a device that is unknown, or opened with what it does not have, cannot be opened', async () => {
  assert.is((await failure(() => addon.openDevice('abacus', { threads: 0 }))).code, 'device_unknown');
  assert.is((await failure(() => addon.openDevice('cpu', { threads: -1 }))).code, 'argument_invalid');
  assert.is(
    (await failure(() => addon.openDevice('cpu', { threads: 0, precision: 'tf32' }))).code,
    'precision_unsupported',
  );
});

const brokenPrograms: [string, string, (program: Program, slot: Slot) => Partial<Program>][] = [
  ['an unknown op', 'op_unknown', ({ steps: [step] }) => ({ steps: [{ ...step, op: 'fold' } as never] })],
  [
    'an op that should have been lowered',
    'op_unknown',
    ({ steps: [step] }) => ({ steps: [{ ...step, op: 'tanh' } as never] }),
  ],
  [
    'a missing attribute',
    'attribute_missing',
    ({ steps: [step] }) => ({ steps: [{ ...step, attributes: {} } as never] }),
  ],
  [
    'a slot beyond the arena',
    'slot_out_of_range',
    (_, slot) => ({ outputs: [{ name: 'y', slot: { ...slot, offset: 64 } }] }),
  ],
  [
    'a negative offset',
    'slot_out_of_range',
    (_, slot) => ({ outputs: [{ name: 'y', slot: { ...slot, offset: -64 } }] }),
  ],
  [
    'a misaligned slot',
    'slot_out_of_range',
    (_, slot) => ({ arenaBytes: 1024, outputs: [{ name: 'y', slot: { ...slot, offset: 4 } }] }),
  ],
  [
    'an enormous slot',
    'slot_out_of_range',
    (_, slot) => ({ outputs: [{ name: 'y', slot: { ...slot, shape: [2 ** 39] } }] }),
  ],
  [
    'a shape of no elements',
    'shape_mismatch',
    (_, slot) => ({ outputs: [{ name: 'y', slot: { ...slot, shape: [0] } }] }),
  ],
  [
    'a shape that overflows',
    'shape_mismatch',
    (_, slot) => ({ outputs: [{ name: 'y', slot: { ...slot, shape: [2 ** 31, 2 ** 31] } }] }),
  ],
  [
    'an operand of another size',
    'shape_mismatch',
    ({ steps: [step] }, slot) => ({ steps: [{ ...step, output: { ...slot, shape: [3] } } as never] }),
  ],
  [
    'a type that an op does not take',
    'dtype_mismatch',
    ({ steps: [step] }, slot) => ({ steps: [{ ...step, output: { ...slot, dtype: 'int32' } } as never] }),
  ],
  [
    'a result that overwrites a feed',
    'program_invalid',
    ({ steps: [step] }) => ({ steps: [{ ...step, output: step?.inputs[0] } as never] }),
  ],
  ['steps that are no array', 'program_invalid', () => ({ steps: 3 as never })],
  [
    'a register that has no value yet',
    'program_invalid',
    ({ steps: [step] }) => ({
      steps: [
        {
          ...step,
          attributes: { expression: { access: ['full'], instructions: [{ fn: 'tanh', args: [1] }] } },
        } as never,
      ],
    }),
  ],
];

for (const [what, code, change] of brokenPrograms) {
  test(`loading a program with ${what} fails with ${code}`, async () => {
    const device = open();
    assert.is((await failure(() => device.load(tanhProgram(change), []))).code, code);
    device.close();
  });
}

test('an error names the op and the layer', async () => {
  const device = open();
  const error = await failure(() =>
    device.load(
      tanhProgram(({ steps: [step] }) => ({ steps: [{ ...step, attributes: {} } as never] })),
      [],
    ),
  );
  assert.equal([error.op, error.scope], ['elementwise', 'layer']);
  assert.ok(error instanceof Error);
  device.close();
});

test('processors have no memory of their own', async () => {
  const device = open();
  assert.is(await device.memoryUse(), undefined);
  device.close();
  await failure(() => device.memoryUse()).then(({ code }) => assert.is(code, 'device_closed'));
});

test('an index out of range fails with its value', async () => {
  const device = open();
  const sketch = new Sketch();
  sketch.output(sketch.step('gather', {}, [sketch.feed([3, 2]), sketch.feed([2], 'int32')], [2, 2]));
  const { program } = await device.load(sketch.program(), []);
  const feeds = [new Float32Array(6), new Int32Array([1, 3])];
  const error = await failure(() => device.run([{ program, feeds, fetch: true }], { profile: false }));
  assert.equal([error.code, error.op], ['index_out_of_range', 'gather']);
  assert.match(error.message, 'is 3');
  device.close();
});

test('a row for a place that is not there fails, and the variable stays as it was', async () => {
  const device = open();
  const sketch = new Sketch();
  const store = sketch.variable([3, 2]);
  const inputs = [store, sketch.feed([2], 'int32'), sketch.feed([2, 2])];
  sketch.replace('assignRows', {}, inputs, store);
  const variable = device.createVariable(4 * 6);
  const { program } = await device.load(sketch.program(), [variable]);
  const put = (places: number[]) =>
    device.run([{ program, feeds: [Int32Array.from(places), new Float32Array([1, 2, 3, 4])], fetch: false }], {
      profile: false,
    });
  await put([2, 0]);
  const error = await failure(() => put([1, 3]));
  assert.equal([error.code, error.op], ['index_out_of_range', 'assignRows']);
  assert.match(error.message, 'is 3');
  const values = new Float32Array(await device.readVariable(variable));
  assert.equal([...values], [3, 4, 0, 0, 1, 2]);
  device.close();
});

test('rows of the variable that they are put into are refused, as are places from it', async () => {
  const device = open();
  const rows = new Sketch();
  const store = rows.variable([3, 2]);
  rows.replace('assignRows', {}, [store, rows.feed([3], 'int32'), store], store);
  const places = new Sketch();
  const table = places.variable([3], 'int32');
  places.replace('assignRows', {}, [table, table, places.feed([3], 'int32')], table);
  for (const [input, sketch] of [rows, places].entries()) {
    const error = await failure(() =>
      device.load(sketch.program(), [device.createVariable(input === 0 ? 4 * 6 : 4 * 3)]),
    );
    assert.is(error.code, 'program_invalid');
    assert.match(error.message, `input ${2 - input} is the variable whose rows are overwritten`);
  }
  device.close();
});

test('feeds are checked for number, type and length', async () => {
  const device = open();
  const { program } = await device.load(tanhProgram(), []);
  const run = (feeds: never[]) => failure(() => device.run([{ program, feeds, fetch: true }], { profile: false }));
  assert.is((await run([])).code, 'feed_count');
  assert.is((await run([new Float32Array(5) as never])).code, 'feed_length');
  assert.is((await run([new Int32Array(4) as never])).code, 'feed_dtype');
  assert.is((await run([new Float64Array(4) as never])).code, 'argument_invalid');
  assert.is((await run([null as never])).code, 'argument_invalid');
  device.close();
});

test('programs and variables that are gone are errors', async () => {
  const device = open();
  const { program } = await device.load(tanhProgram(), []);
  device.unload(program);
  assert.is(
    (await failure(() => device.run([{ program, feeds: [], fetch: true }], { profile: false }))).code,
    'program_unknown',
  );
  const sketch = new Sketch();
  sketch.output(sketch.variable([4]));
  const variable = device.createVariable(16);
  const { program: reader } = await device.load(sketch.program(), [variable]);
  device.releaseVariable(variable);
  assert.is(
    (await failure(() => device.run([{ program: reader, feeds: [], fetch: true }], { profile: false }))).code,
    'variable_unknown',
  );
  assert.is((await failure(() => device.readVariable(variable))).code, 'variable_unknown');
  assert.is((await failure(() => device.load(sketch.program(), []))).code, 'variable_count');
  assert.is((await failure(() => device.load(sketch.program(), [device.createVariable(20)]))).code, 'variable_size');
  device.close();
});

test('a new variable is zero, and keeps what is written', async () => {
  const device = open();
  const id = device.createVariable(12);
  assert.equal([...new Float32Array(await device.readVariable(id))], [0, 0, 0]);
  await device.writeVariable(id, new Float32Array([1, 2, 3]));
  assert.equal([...new Float32Array(await device.readVariable(id))], [1, 2, 3]);
  assert.is((await failure(() => device.writeVariable(id, new Float32Array(2)))).code, 'variable_size');
  device.close();
});

test('memory that cannot be had is an error, not a crash', async () => {
  const device = open();
  const id = device.createVariable(2 ** 48);
  assert.is((await failure(() => device.writeVariable(id, new Float32Array(1)))).code, 'variable_size');
  assert.is(
    (
      await failure(() =>
        device.load(
          tanhProgram(() => ({ arenaBytes: 2 ** 50 })),
          [],
        ),
      )
    ).code,
    'out_of_memory',
  );
  const { program } = await device.load(tanhProgram(), []);
  const { outputs } = await device.run([{ program, feeds: [new Float32Array(4)], fetch: true }], { profile: false });
  assert.is(outputs[0]?.[0]?.byteLength, 16);
  device.close();
});

test('arguments of another type are refused by name', async () => {
  const device = open();
  const calls: [string, () => unknown][] = [
    ['program_invalid', () => device.load(undefined as never, [])],
    ['argument_invalid', () => device.load(tanhProgram(), 1 as never)],
    ['argument_invalid', () => device.run(3 as never, { profile: false })],
    ['argument_invalid', () => device.run([], undefined as never)],
    ['argument_invalid', () => device.createVariable('many' as never)],
    ['argument_invalid', () => device.createVariable(6)],
    ['argument_invalid', () => addon.openDevice('cpu', {} as never)],
  ];
  for (const [code, call] of calls) assert.is((await failure(call)).code, code, String(call));
  device.close();
});

test('several calls run in order within one run, and fetch what was asked for', async () => {
  const device = open();
  const sketch = new Sketch();
  const variable = sketch.variable([1]);
  const expression = {
    access: ['full' as const, 'full' as const],
    instructions: [{ fn: 'add' as const, args: [0, 1] }],
  };
  const sum = sketch.step('elementwise', { expression }, [variable, sketch.feed([1])], [1]);
  sketch.update('assign', {}, [variable, sum]);
  sketch.output(sum);
  const { program } = await device.load(sketch.program(), [device.createVariable(4)]);
  const call = (value: number, fetch: boolean) => ({ program, feeds: [new Float32Array([value])], fetch });
  const { outputs, stepMs, nativeMs } = await device.run([call(1, true), call(2, false), call(4, true)], {
    profile: true,
  });
  assert.equal(
    outputs.map((list) => list.map((buffer) => new Float32Array(buffer)[0])),
    [[1], [], [7]],
  );
  assert.equal(
    stepMs?.map((list) => list.length),
    [2, 2, 2],
  );
  assert.ok(nativeMs > 0);
  device.close();
});

test('a closed device refuses everything, and closing twice is fine', async () => {
  const device = open();
  device.close();
  device.close();
  assert.is((await failure(() => device.createVariable(4))).code, 'device_closed');
  assert.is((await failure(() => device.load(tanhProgram(), []))).code, 'device_closed');
  assert.is((await failure(() => device.run([], { profile: false }))).code, 'device_closed');
});

test('work that was queued before close still ends', async () => {
  const device = open();
  const { program, feeds } = longProgram();
  const { program: id } = await device.load(program, []);
  const runs = [0, 1].map(() => device.run([{ program: id, feeds, fetch: true }], { profile: false }));
  device.close();
  const results = await Promise.all(runs);
  assert.equal(
    new Float32Array(results[0]?.outputs[0]?.[0] as ArrayBuffer),
    new Float32Array(results[1]?.outputs[0]?.[0] as ArrayBuffer),
  );
});

test('the event loop stays free while a program runs', async () => {
  const device = open();
  const { program, feeds } = longProgram();
  const { program: id } = await device.load(program, []);
  let turns = 0;
  let running = true;
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await device.run([{ program: id, feeds, fetch: true }], { profile: false });
  running = false;
  assert.ok(turns > 20, `${turns} turns`);
  device.close();
});

test('runs repeat bit for bit, and expressions and sums do not depend on the number of threads', async () => {
  const total = 300 * 1024;
  const sketch = new Sketch();
  const x = sketch.feed([total]);
  const expression = { access: ['full' as const], instructions: [{ fn: 'sigmoid' as const, args: [0] }] };
  sketch.output(sketch.step('elementwise', { expression }, [x], [total]));
  sketch.output(sketch.step('reduce', { expression, kind: 'sum', extent: [1, total, 1] }, [x], []));
  sketch.output(sketch.step('reduce', { expression, kind: 'sum', extent: [1, total / 64, 64] }, [x], [64]));
  const data = numbers([total]).data;
  const results: ArrayBuffer[][] = [];
  for (const threads of [1, 2, 3, 3]) {
    const device = open(threads);
    const { program } = await device.load(sketch.program(), []);
    const { outputs } = await device.run([{ program, feeds: [data], fetch: true }], { profile: false });
    results.push([...(outputs[0] ?? [])]);
    device.close();
  }
  for (const result of results.slice(1))
    assert.equal(
      result.map((b) => new Float32Array(b)),
      results[0]?.map((b) => new Float32Array(b)),
    );
});

test('a feed may be shared memory', async () => {
  const device = open();
  const { program } = await device.load(tanhProgram(), []);
  const shared = new Float32Array(new SharedArrayBuffer(16)).fill(1);
  const { outputs } = await device.run([{ program, feeds: [shared], fetch: true }], { profile: false });
  assert.ok(Math.abs((new Float32Array(outputs[0]?.[0] as ArrayBuffer)[3] as number) - Math.tanh(1)) < 1e-6);
  device.close();
});

/** A worker thread that opens a device, reports, runs, and ends as told. */
const workerSource = `
const { parentPort, workerData } = require('node:worker_threads');
const device = require(workerData.addon).openDevice('cpu', { threads: 1 });
device.load(workerData.program, []).then(async ({ program }) => {
  const run = () => device.run([{ program, feeds: workerData.feeds, fetch: true }], { profile: false });
  if (workerData.terminated) {
    for (let i = 0; i < 50; i++) run();
    parentPort.postMessage('busy');
  } else {
    const { outputs } = await run();
    parentPort.postMessage(new Float32Array(outputs[0][0]));
  }
});
`;

function startWorker(
  program: Program,
  feeds: Float32Array[],
  terminated: boolean,
): { worker: Worker; message: Promise<unknown> } {
  const path = addonPath.startsWith('/') ? addonPath : new URL(addonPath, import.meta.url).pathname;
  const worker = new Worker(workerSource, { eval: true, workerData: { addon: path, program, feeds, terminated } });
  const message = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return { worker, message };
}

test('devices of several worker threads run side by side and end with their threads', async () => {
  const { program, feeds } = longProgram();
  const workers = [0, 1, 2].map(() => startWorker(program, feeds, false));
  const exits = workers.map(({ worker }) => new Promise((resolve) => worker.once('exit', resolve)));
  const [first, ...others] = (await Promise.all(workers.map(({ message }) => message))) as Float32Array[];
  for (const other of others) assert.equal(other, first);
  assert.equal(await Promise.all(exits), [0, 0, 0]);
});

test('a worker thread may be terminated while its device is busy', async () => {
  const { program, feeds } = longProgram();
  const { worker, message } = startWorker(program, feeds, true);
  assert.is(await message, 'busy');
  assert.is(await worker.terminate(), 1);
});

test.run();
