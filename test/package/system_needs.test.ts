import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../scripts/build/run.mjs';
import { installSystemNeeds } from '../../scripts/setup/system.mjs';

const folder = mkdtempSync(join(tmpdir(), 'gannet-needs-'));
const { PATH, CXX } = process.env;
test.after(() => rmSync(folder, { recursive: true }));
test.after.each(() => {
  process.env.PATH = PATH;
  if (CXX !== undefined) process.env.CXX = CXX;
});

/** A machine whose only programs are these shell scripts and a few of the system's own. */
function machine(name: string, programs: Readonly<Record<string, string>>): string {
  const bin = join(folder, name);
  mkdirSync(bin);
  for (const [program, script] of Object.entries(programs)) {
    writeFileSync(join(bin, program), `#!/bin/sh\ncd '${bin}'\nPATH=/usr/bin:/bin\n${script}\n`);
    chmodSync(join(bin, program), 0o755);
  }
  process.env.PATH = bin;
  delete process.env.CXX;
  return bin;
}

/** A compiler, CMake and ninja that are there; the compiler knows oneDNN if the file `onednn` is there. */
const TOOLS = {
  'c++': `case "$*" in *-ldnnl) test -e onednn || { echo 'fatal error: oneapi/dnnl/dnnl.hpp: No such file' >&2; exit 1; } ;; esac`,
  cmake: 'exit 0',
  ninja: 'exit 0',
  env: 'shift; program=$1; shift; ./$program "$@"',
};

const APT = { dpkg: 'echo "dpkg $*" >> calls' };

/** Runs the installation and returns the commands that it gave, without apt-get's options. */
async function install(): Promise<string[]> {
  const calls: string[] = [];
  await installSystemNeeds(async (command: string, args: string[]) => {
    calls.push([command, ...args.filter((arg) => !/^-|^DPkg|^DEBIAN/.test(arg))].join(' '));
    let output = '';
    const { code } = await run(command, args, { output: (chunk: Buffer) => (output += chunk) });
    return { code, output };
  });
  return calls;
}

const messageOf = (installation: Promise<unknown>): Promise<string> =>
  installation.then(
    () => assert.unreachable('the installation should fail') as never,
    ({ message }) => message,
  );

test('a machine that has everything installs nothing', async () => {
  const bin = machine('complete', TOOLS);
  writeFileSync(join(bin, 'onednn'), '');
  assert.equal(await install(), []);
});

test('a header that the compiler does not find is installed, and nothing else', async () => {
  machine('headers', { ...TOOLS, ...APT, 'apt-get': 'case "$*" in *install*libdnnl-dev) touch onednn ;; esac' });
  assert.equal(await install(), ['env apt-get update', 'env apt-get install libdnnl-dev']);
});

test('a need that an installation leaves open is named with what the compiler says of it', async () => {
  machine('open', { ...TOOLS, ...APT, 'apt-get': 'exit 0' });
  const message = await messageOf(install());
  assert.match(message, 'apt-get has installed libdnnl-dev');
  assert.match(message, 'oneDNN: fatal error: oneapi/dnnl/dnnl.hpp: No such file');
});

test('a dpkg that was killed before is finished first', async () => {
  const apt = 'case "$*" in *install*) test -e finished || exit 100 ;; esac; touch onednn';
  machine('killed', { ...TOOLS, dpkg: 'touch finished', 'apt-get': apt });
  assert.equal(await install(), [
    ...['env apt-get update', 'env apt-get install libdnnl-dev', 'env dpkg'],
    ...['env apt-get install', 'env apt-get install libdnnl-dev'],
  ]);
});

test('where apt-get fails, the command to run by hand is told', async () => {
  const bin = machine('failing', { ...TOOLS, ...APT, 'apt-get': 'exit 100' });
  const message = await messageOf(install());
  assert.match(message, "sh -c 'apt-get update && apt-get install -y libdnnl-dev'");
  assert.not.ok(existsSync(join(bin, 'onednn')));
});

test('without apt-get every need is named with what is wrong', async () => {
  machine('foreign', { 'c++': 'echo "cannot find -lgomp" >&2; exit 1', cmake: 'exit 0' });
  const message = await messageOf(install());
  assert.match(message, 'Missing: a C++ compiler with OpenMP, make, oneDNN.');
  assert.match(message, 'a C++ compiler with OpenMP: cannot find -lgomp');
  assert.match(message, 'make: make does not start (ENOENT)');
});

test.run();
