import * as assert from 'node:assert/strict';
import { GPUS } from '../../../src/device/gpus.ts';
import type { NativeCall, NativeDevice, NativeGpu } from '../../../src/device/native.ts';
import { addon, expectCode, expectHealthy, loadSum, open, sum, type Use } from './use.ts';

const feed = () => Float32Array.of(1, 2, 3, 4);
const run = (device: NativeDevice, calls: readonly NativeCall[]) => device.run(calls, { profile: false });

/** A call whose list of feeds does something when it is read. */
const callWith = (program: number, act: () => void): NativeCall => ({
  program,
  fetch: true,
  get feeds() {
    act();
    return [feed()];
  },
});

/** Arguments that act when they are read, or are nothing that an honest program passes. */
export const argumentUses: Readonly<Record<string, Use>> = {
  'a getter among the feeds unloads the program': async () => {
    const device = open();
    const { program } = await loadSum(device);
    await expectCode('program_unknown', () => run(device, [callWith(program, () => device.unload(program))]));
    await expectHealthy(device);
    device.close();
  },

  'a getter among the feeds closes the device': async () => {
    const device = open();
    const { program } = await loadSum(device);
    await expectCode('device_closed', () => run(device, [callWith(program, () => device.close())]));
  },

  'a getter among the feeds releases a variable': async () => {
    const device = open();
    const { program, variable } = await loadSum(device);
    const call = callWith(program, () => device.releaseVariable(variable));
    await expectCode('variable_unknown', () => run(device, [{ program, fetch: true, feeds: [feed()] }, call]));
    await expectHealthy(device);
    device.close();
  },

  'a getter among the feeds takes the buffer of an earlier feed away': async () => {
    const device = open();
    const { program } = await loadSum(device);
    const taken = feed();
    const call = callWith(program, () => structuredClone(taken.buffer, { transfer: [taken.buffer as ArrayBuffer] }));
    await expectCode('feed_length', () => run(device, [{ program, fetch: true, feeds: [taken] }, call]));
    await expectHealthy(device);
    device.close();
  },

  'a getter among the feeds runs the program, over and over': async () => {
    const device = open();
    const { program } = await loadSum(device);
    let depth = 0;
    const inner: Promise<unknown>[] = [];
    const call: NativeCall = callWith(program, () => {
      if (depth++ < 50) inner.push(run(device, [call]));
    });
    await run(device, [call]);
    await Promise.all(inner);
    assert.equal(inner.length, 50);
    device.close();
  },

  'a getter throws': async () => {
    const device = open();
    const { program } = await loadSum(device);
    for (const thrown of [new Error('mine'), 'a string', undefined, null, 7, Symbol('mine'), Object.freeze({})]) {
      const call = callWith(program, () => {
        throw thrown;
      });
      const received = await run(device, [call]).then(
        () => 'nothing',
        (error) => error,
      );
      assert.equal(received, thrown);
    }
    assert.throws(() => addon.openDevice('cpu', new Proxy({}, { get: () => assert.fail('mine') }) as never), /mine/);
    await expectHealthy(device);
    device.close();
  },

  'a getter of a loaded program closes the device': async () => {
    const device = open();
    const variable = device.createVariable(16);
    const program = Object.defineProperty({ ...sum(4) }, 'outputs', {
      get: () => {
        device.close();
        return [];
      },
    });
    await expectCode('device_closed', () => device.load(program, [variable]));
  },

  'arrays that claim a length of 2^32 - 1': async () => {
    const device = open();
    const { program } = await loadSum(device);
    const endless = new Array(2 ** 32 - 1) as never[];
    await expectCode('argument_invalid', () => run(device, endless));
    await expectCode('argument_invalid', () => run(device, [{ program, fetch: true, feeds: endless }]));
    await expectCode('argument_invalid', () => device.load(sum(4), endless));
    await expectCode('program_invalid', () => device.load(sum(4, { steps: endless }), []));
    await expectCode('program_invalid', () =>
      device.load(sum(4, { feeds: [{ name: 'x', shape: endless, dtype: 'float32' }] }), []),
    );
    await expectHealthy(device);
    device.close();
  },

  'values of every other type': async () => {
    const device = open();
    const { program } = await loadSum(device);
    const odd = [
      undefined,
      null,
      true,
      Number.NaN,
      -1,
      0.5,
      2n,
      'x',
      Symbol('x'),
      () => 1,
      {},
      [],
      new Date(),
      new Proxy([], {}),
    ];
    const odder = [
      Object.create(null),
      new Float64Array(4),
      new DataView(new ArrayBuffer(16)),
      new ArrayBuffer(16),
      -(2 ** 53),
      Infinity,
    ];
    for (const value of [...odd, ...odder] as never[]) {
      const calls = [
        () => addon.supportedOps(value),
        () => addon.bfloat16Operands(value, sum(4)),
        () => addon.bfloat16Operands('simt', value),
        () => addon.openDevice(value, { threads: 1 }),
        () => addon.openDevice('cpu', { threads: 1, precision: value ?? 'x' }),
        () => addon.planLaunches(sum(4), value),
        () => addon.planLaunches(value, GPUS.a100 as never),
        () => device.createVariable(value),
        () => device.writeVariable(value, feed()),
        () => device.writeVariable(program, value),
        () => device.readVariable(value),
        () => device.releaseVariable(value),
        () => device.load(value, []),
        () => device.load(sum(4), value),
        () => device.unload(value),
        () => device.run(value ?? 1, { profile: false }),
        () => run(device, [value]),
        () => run(device, [{ program: value, feeds: [feed()], fetch: true }]),
        () => run(device, [{ program, feeds: value, fetch: true }]),
        () => run(device, [{ program, feeds: [value], fetch: true }]),
      ];
      for (const call of calls) {
        const answer = await Promise.resolve()
          .then(call)
          .then(
            () => undefined,
            (error) => error,
          );
        // An empty list of calls, and a list of none, are honest.
        if (answer !== undefined) assert.equal(typeof answer.code, 'string', String(call));
      }
    }
    await expectHealthy(device);
    device.close();
  },

  'methods of another object, and a class without new': async () => {
    const device = open();
    const { constructor: _, ...methods } = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(device));
    const addonClass = device.constructor as new (...options: unknown[]) => NativeDevice;
    for (const { value: method } of Object.values<PropertyDescriptor>(methods))
      for (const receiver of [undefined, {}, [], new Proxy(device, {}), Object.create(device), addonClass.prototype])
        assert.throws(() => method.call(receiver, 1));
    assert.throws(() => (addonClass as unknown as () => void)());
    assert.throws(() => new addonClass('abacus', { threads: 1 }), { code: 'device_unknown' });
    assert.throws(() => Reflect.construct(addonClass, [], Object));
    await expectHealthy(new (class extends addonClass {})('cpu', { threads: 1 }));
    await expectHealthy(device);
    device.close();
  },

  'figures of a GPU out of range': async () => {
    const a100: NativeGpu = { ...GPUS.a100, precision: 'tf32' };
    assert.ok(addon.planLaunches(sum(4), a100).length > 0);
    for (const key of ['multiprocessors', 'sharedBytesPerMultiprocessor', 'sharedBytesPerBlock', 'architecture'])
      for (const value of [0, -1, 1, 2 ** 31, 2 ** 53, -(2 ** 32)])
        if (key !== 'multiprocessors' || value !== 1)
          await expectCode('argument_invalid', () => addon.planLaunches(sum(4), { ...a100, [key]: value }));
    await expectCode('precision_unsupported', () => addon.planLaunches(sum(4), { ...a100, precision: 'float8' }));
  },

  'built-in classes and prototypes that were changed': async () => {
    const device = open();
    const { program } = await loadSum(device);
    const setters = ['outputs', 'nativeMs', 'stepMs', 'program', 'workspaceBytes', 'code', 'op', 'scope', '0'];
    const another = sum(4);
    const calls = [{ program, feeds: [feed()], fetch: true }];
    let sets = 0;
    const trap = { configurable: true, set: () => sets++ };
    const arrayBuffer = globalThis.ArrayBuffer;
    try {
      for (const key of setters) Object.defineProperty(Object.prototype, key, trap);
      (globalThis as { ArrayBuffer?: unknown }).ArrayBuffer = undefined;
      const profiled = await device.run(calls, { profile: true });
      const failed = await device.load(another, []).catch((error) => error);
      assert.equal(profiled.stepMs?.[0]?.length, 1);
      assert.equal(profiled.outputs[0]?.[0]?.byteLength, 16);
      assert.equal(failed.code, 'variable_count');
    } finally {
      globalThis.ArrayBuffer = arrayBuffer;
      for (const key of setters) delete (Object.prototype as unknown as Record<string, unknown>)[key];
    }
    assert.equal(sets, 0);
    device.close();
  },

  'a getter called then on Object.prototype throws': async () => {
    const device = open();
    const { program } = await loadSum(device);
    const received: string[] = [];
    const trap = {
      configurable: true,
      get(): never {
        throw new Error('no then');
      },
    };
    Object.defineProperty(Object.prototype, 'then', trap);
    try {
      const runs = [0, 1, 2].map(() => run(device, [{ program, feeds: [feed()], fetch: true }]));
      const settled = [...runs, device.load(sum(4), []), device.readVariable(-1)];
      // Promises of strings: those of objects would be rejected here as well.
      const messages = settled.map((promise) => promise.then(String, (error: Error) => error.message.slice(0, 7)));
      for (const message of messages) received.push(await message);
    } finally {
      delete (Object.prototype as { then?: unknown }).then;
    }
    assert.deepEqual(received, ['no then', 'no then', 'no then', 'the pro', 'the dev']);
    await expectHealthy(device);
    device.close();
  },
};
