import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testDevices } from '../../src/device/index.ts';
import { DeviceError } from '../../src/errors.ts';
import { packageVersion } from '../../src/package.ts';

const folder = mkdtempSync(join(tmpdir(), 'gannet-self-test-'));
test.after(() => rmSync(folder, { recursive: true }));

/** Tests the devices of an addon that is this JavaScript instead. */
async function testAddon(script: string, name = 'addon.cjs') {
  const file = join(folder, name);
  writeFileSync(file, script);
  process.env.GANNET_ADDON = file;
  try {
    return await testDevices();
  } finally {
    delete process.env.GANNET_ADDON;
  }
}

const failureOf = (script: string, name?: string): Promise<DeviceError> =>
  testAddon(script, name).then(
    () => assert.unreachable('the self-test should fail') as never,
    (error) => error,
  );

/** An addon whose device `cpu` does this when it is opened. */
const addonThat = (opening: string) => `module.exports = {
  version: '${packageVersion()}',
  listDevices: () => [{ kind: 'cpu', available: true, description: 'fake', details: {}, problem: '' }],
  supportedOps: () => [],
  openDevice: () => { ${opening} },
};`;

test('the real addon computes on every device that is available', async () => {
  const tests = await testDevices();
  assert.ok(tests.some(({ info }) => info.kind === 'cpu' && info.available));
  for (const { info, failure } of tests) {
    if (info.available) assert.is(failure, undefined, `${info.kind}: ${failure?.message}`);
    else assert.match(failure?.message ?? '', /\n +\S/, `${info.kind} comes without a remedy`);
  }
});

test('an addon that crashes while it is loaded is reported with its signal', async () => {
  for (const signal of ['SIGSEGV', 'SIGILL']) {
    const error = await failureOf(`process.kill(process.pid, '${signal}'); for (;;);`);
    assert.instance(error, DeviceError);
    assert.is(error.code, 'addon_crashed');
    assert.match(error.message, `ended with ${signal} while loading it`);
    assert.match(error.message, 'npx gannet build');
  }
});

test('what an addon says before it aborts is part of the report', async () => {
  const error = await failureOf(
    "require('node:fs').writeSync(2, 'terminate called\\n'); process.kill(process.pid, 'SIGABRT'); for (;;);",
  );
  assert.match(error.message, /SIGABRT.*terminate called/);
});

test('an addon that ends its process without a word is reported with its exit code', async () => {
  const error = await failureOf('process.exit(7);');
  assert.is(error.code, 'addon_crashed');
  assert.match(error.message, 'exit code 7');
});

test('a device that crashes is told from the addon, which loads', async () => {
  const [cpu] = await testAddon(addonThat("process.kill(process.pid, 'SIGILL'); for (;;);"));
  assert.is(cpu?.info.description, 'fake');
  assert.is(cpu?.failure?.code, 'addon_crashed');
  assert.match(cpu?.failure?.message ?? '', 'SIGILL while the device cpu checked itself');
  assert.match(cpu?.failure?.message ?? '', 'GANNET_CPU_ISA=baseline');
});

test("an error of a device keeps its code and the addon's words", async () => {
  const [cpu] = await testAddon(addonThat("throw Object.assign(new Error('no memory'), { code: 'out_of_memory' });"));
  assert.is(cpu?.failure?.code, 'out_of_memory');
  assert.is(cpu?.failure?.message, 'no memory');
});

test('a file that is no addon, or lacks a library, or wants a newer system, comes with its remedy', async () => {
  const damaged = await failureOf('not an ELF file', 'damaged.node');
  assert.is(damaged.code, 'addon_unloadable');
  assert.match(damaged.message, /could not be loaded: .*damaged\.node.*\n.*npm install/);

  const refusal = (words: string) => failureOf(`throw new Error(${JSON.stringify(words)});`);
  const library = await refusal('libgomp.so.1: cannot open shared object file: No such file or directory');
  assert.match(library.message, 'apt-get install libgomp1');
  const old = await refusal("/lib/libc.so.6: version `GLIBC_2.34' not found (required by gannet.node)");
  assert.match(old.message, 'older than the addon, which needs GLIBC_2.34');
  assert.match(old.message, 'npx gannet build');
});

test('an addon of another version is refused', async () => {
  const error = await failureOf("module.exports = { version: '0.0.1' };");
  assert.is(error.code, 'addon_version');
  assert.match(error.message, `is of gannet 0.0.1, and this is gannet ${packageVersion()}`);
});

test('a platform without an addon is told how to build one', async () => {
  process.env.npm_config_arch = 's390x';
  process.env.GANNET_PREBUILD = folder;
  try {
    await testDevices();
    assert.unreachable();
  } catch (error) {
    assert.is((error as DeviceError).code, 'addon_missing');
    assert.match((error as DeviceError).message, /arch=s390x[^\n]*\n.*npx gannet build/);
  } finally {
    delete process.env.npm_config_arch;
    delete process.env.GANNET_PREBUILD;
  }
});

test.run();
