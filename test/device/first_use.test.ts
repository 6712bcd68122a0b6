import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addonFile } from '../../src/device/addon.ts';
import { STARTER } from '../starter.ts';

const folder = mkdtempSync(join(tmpdir(), 'gannet-first-use-'));
test.after(() => rmSync(folder, { recursive: true }));

/** The addon with a GPU that is the simulator. */
const gpuAddon = join(folder, 'addon.cjs');
writeFileSync(
  gpuAddon,
  `const real = require(${JSON.stringify(addonFile())});
   const simt = (kind) => (kind === 'cuda' ? 'simt' : kind);
   const card = process.env.CARD ?? 'card 1';
   module.exports = {
     version: real.version,
     supportedOps: (kind) => real.supportedOps(simt(kind)),
     bfloat16Operands: (kind, program) => real.bfloat16Operands(simt(kind), program),
     openDevice: (kind, options) => real.openDevice(simt(kind), options),
     listDevices: () => real.listDevices().flatMap((info) =>
       info.kind === 'cuda' ? [] : info.kind === 'simt' ? [info, { ...info, kind: 'cuda', description: card }] : [info]),
   };`,
);

/** What a process does with the GPU: opens it, computes 2 + 3 on it, and prints that or the error's code. */
const COMPUTE = `
  import { bestDevice, feed, openDevice, ops, trace } from '${fileURLToPath(new URL('../../src/index.ts', import.meta.url))}';
  const kind = process.env.BEST ? (await bestDevice()).info.kind : process.env.KIND ?? 'cuda';
  const device = openDevice(kind);
  const graph = trace('sum', () => ({ y: ops.add(feed('x', [1]), 3) }));
  try {
    const { outputs } = await device.run([{ executable: await device.load(graph), feeds: { x: Float32Array.of(2) }, fetch: true }]);
    console.log(kind, outputs[0].y[0]);
  } catch (error) {
    console.log(kind, error.code);
  }
  device.close();`;
const script = join(folder, 'compute.mjs');
writeFileSync(script, COMPUTE);

let caches = 0;
/** A cache folder of its own. */
const newCache = (): string => join(folder, `cache${caches++}`);

/** Runs the script in a process of its own, so that nothing but the cache remembers. */
function compute(environment: Record<string, string>): string {
  const env: NodeJS.ProcessEnv = { ...process.env, GANNET_ADDON: gpuAddon, ...environment };
  if (!('GANNET_CUDA_CHECK' in environment)) delete env.GANNET_CUDA_CHECK;
  return execFileSync(process.execPath, ['--import', STARTER, script], {
    env,
    encoding: 'utf8',
    cwd: process.cwd(),
  }).trim();
}

const FAULT = { GANNET_SIMT_FAULT: 'matmul_kernel' };

test('a GPU that computes wrongly is refused when it is first used', () => {
  assert.is(compute({ ...FAULT, XDG_CACHE_HOME: newCache() }), 'cuda device_wrong');
});

test('a GPU that has passed is not checked again, another card or GANNET_CUDA_CHECK=always is', () => {
  const cache = { XDG_CACHE_HOME: newCache() };
  assert.is(compute(cache), 'cuda 5');
  assert.is(readdirSync(join(cache.XDG_CACHE_HOME, 'gannet')).length, 1);
  assert.is(compute({ ...cache, ...FAULT }), 'cuda 5');
  assert.is(compute({ ...cache, ...FAULT, CARD: 'card 2' }), 'cuda device_wrong');
  assert.is(compute({ ...cache, ...FAULT, GANNET_CUDA_CHECK: 'always' }), 'cuda device_wrong');
});

test('GANNET_CUDA_CHECK=0 leaves the check out', () => {
  const cache = newCache();
  assert.is(compute({ ...FAULT, XDG_CACHE_HOME: cache, GANNET_CUDA_CHECK: '0' }), 'cuda 5');
  assert.throws(() => readdirSync(cache), /ENOENT/);
});

test('a damaged record counts as none, and is replaced', () => {
  const cache = { XDG_CACHE_HOME: newCache() };
  compute(cache);
  const record = join(cache.XDG_CACHE_HOME, 'gannet', readdirSync(join(cache.XDG_CACHE_HOME, 'gannet'))[0] as string);
  const whole = readFileSync(record, 'utf8');
  writeFileSync(record, whole.slice(0, 20));
  assert.is(compute({ ...cache, ...FAULT }), 'cuda device_wrong');
  assert.is(compute(cache), 'cuda 5');
  assert.is(readFileSync(record, 'utf8'), whole);
});

test('a cache folder that cannot be made is no failure', () => {
  const file = join(folder, 'a file');
  writeFileSync(file, '');
  assert.is(compute({ XDG_CACHE_HOME: join(file, 'cache') }), 'cuda 5');
});

test('the best device is the CPU where the GPU computes wrongly', () => {
  assert.is(compute({ BEST: '1', XDG_CACHE_HOME: newCache() }), 'cuda 5');
  assert.is(compute({ BEST: '1', ...FAULT, XDG_CACHE_HOME: newCache() }), 'cpu 5');
});

test('the simulator is checked only where GANNET_CUDA_CHECK=always', () => {
  assert.is(compute({ KIND: 'simt', ...FAULT, XDG_CACHE_HOME: newCache() }), 'simt 5');
  assert.is(
    compute({ KIND: 'simt', ...FAULT, XDG_CACHE_HOME: newCache(), GANNET_CUDA_CHECK: 'always' }),
    'simt device_wrong',
  );
});

/** What a command says on an addon whose GPU computes wrongly. */
function gannet(...args: string[]): string {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const env = { ...process.env, GANNET_ADDON: gpuAddon, ...FAULT, XDG_CACHE_HOME: newCache() };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', STARTER, main, ...args], {
    env,
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return stdout + stderr;
}

test('with `--device auto` every command goes on on the CPU and says why', () => {
  mkdirSync(join(folder, 'runs'));
  const run = join(folder, 'runs', 'run');
  const small = ['--batch', '2', '--set', 'model.width=4'];
  for (const command of [
    ['train', 'dcgan-digits', '--data', 'mnist', '--steps', '1', ...small, '--out', run],
    ['train', 'dcgan-digits', '--data', 'mnist', ...small, '--dry-run'],
    ['resume', run, '--steps', '2'],
    ['sample', run, '--count', '1'],
    ['explore', run, 'interpolate', '--rows', '1', '--columns', '2'],
  ]) {
    const told = gannet(...command);
    const because = /[Dd]evice:? +cpu \(.*\); not cuda: the self-check of matrix products .* matmul is .* off/;
    assert.match(told, because, command.join(' '));
  }
});

test.run();
