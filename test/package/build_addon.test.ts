import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from './packing.ts';

const folder = mkdtempSync(join(tmpdir(), 'gannet-build-'));
test.after(() => rmSync(folder, { recursive: true }));

/** Stands in for cmake-js: notes each call, and behaves like CMake and ninja towards the build folder. FAKE is `refuse` (configuring
 *  fails half-way) or `hang` (building never ends). */
const CMAKE_JS = `
const fs = require('node:fs');
const { execPath } = process;
const [command, , folder, , , , , ...options] = process.argv.slice(2);
const definitions = options.filter((option) => option.startsWith('--CD'));
const target = options.includes('--target') ? options.slice(options.indexOf('--target')) : [];
fs.appendFileSync('calls', [command, ...definitions, ...target].join(' ') + '\\n');
if (command === 'configure') {
  const known = ['CMAKE_MAKE_PROGRAM', 'CMAKE_CXX_COMPILER', 'DNNL_LIBRARY'].map((name) => name + ':PATH=' + execPath);
  const given = definitions.map((option) => option.replace('--CD', '').replace('=', ':STRING='));
  const cache = ['CMAKE_HOME_DIRECTORY:INTERNAL=' + process.cwd(), ...known, ...given].join('\\n');
  fs.writeFileSync(folder + '/CMakeCache.txt', cache);
  if (process.env.FAKE === 'refuse') {
    console.error('-- looking\\nCMake Error at CMakeLists.txt:7:\\n  Could NOT find OpenCL\\nCall Stack (most recent call first):\\n  x');
    process.exit(1);
  }
  fs.writeFileSync(folder + '/build.ninja', '');
} else {
  if (!fs.existsSync(folder + '/build.ninja')) {
    console.error("ninja: error: loading 'build.ninja': No such file or directory");
    process.exit(1);
  }
  fs.mkdirSync(folder + '/CMakeFiles', { recursive: true });
  fs.appendFileSync(folder + '/CMakeFiles/object.o', 'compiled ');
  if (process.env.FAKE === 'hang') {
    fs.writeFileSync('compiler', String(process.pid));
    setInterval(() => {}, 1000);
  } else {
    fs.mkdirSync(folder + '/Release', { recursive: true });
    fs.writeFileSync(folder + '/Release/gannet.node', '');
    if (target.length === 0) fs.writeFileSync(folder + '/Release/gannet_simt.so', '');
  }
}`;

/** A checkout with nothing in it but what a build looks at. */
class Checkout {
  readonly folder: string;

  constructor(name: string) {
    this.folder = join(folder, name);
    const cmakeJs = join(this.folder, 'node_modules', 'cmake-js');
    for (const path of ['binding', 'cuda', 'node_modules/cmake-js/bin']) {
      mkdirSync(join(this.folder, path), { recursive: true });
    }
    for (const path of ['scripts/build-addon.mjs', 'scripts/build']) {
      cpSync(join(root, path), join(this.folder, path), { recursive: true });
    }
    writeFileSync(join(this.folder, 'package.json'), '{}');
    writeFileSync(join(this.folder, 'CMakeLists.txt'), '');
    writeFileSync(join(cmakeJs, 'package.json'), '{ "name": "cmake-js" }');
    writeFileSync(join(cmakeJs, 'bin', 'cmake-js'), CMAKE_JS);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  build({ fake = '', options = [] as string[] } = {}) {
    const args = ['scripts/build-addon.mjs', ...options];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: this.folder,
      env: { ...process.env, FAKE: fake },
      encoding: 'utf8',
    });
    return { status, stderr };
  }

  /** Starts a build that hangs in the compiler, and resolves with its process once it does. */
  async hang() {
    rmSync(this.path('compiler'), { force: true });
    const building = spawn(process.execPath, ['scripts/build-addon.mjs'], {
      cwd: this.folder,
      env: { ...process.env, FAKE: 'hang' },
      stdio: 'ignore',
    });
    while (!existsSync(this.path('compiler')) || this.compiler() === 0) await new Promise(setImmediate);
    return building;
  }

  /** The process id of the compiler that hangs. */
  compiler(): number {
    return Number(readFileSync(this.path('compiler'), 'utf8'));
  }

  /** What cmake-js was called with since the last time. */
  calls(): string[] {
    const file = this.path('calls');
    const calls = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    rmSync(file, { force: true });
    return calls;
  }

  object(): string {
    return readFileSync(this.path('build/CMakeFiles/object.o'), 'utf8');
  }
}

test('a build configures once, and builds again only after a change', () => {
  const checkout = new Checkout('once');
  assert.is(checkout.build({ options: ['--check'] }).status, 1);
  assert.is(checkout.build().status, 0);
  assert.equal(checkout.calls(), ['configure', 'build']);
  assert.is(checkout.build({ options: ['--check'] }).status, 0);
  checkout.build();
  assert.equal(checkout.calls(), []);
  writeFileSync(checkout.path('binding/new.cc'), '');
  checkout.build();
  assert.equal(checkout.calls(), ['build']);
});

test('a build without the simulator makes the addon alone, and later both where the simulator is there', () => {
  const checkout = new Checkout('addon');
  const options = ['--without-simulator'];
  checkout.build({ options });
  assert.equal(checkout.calls(), ['configure', 'build --target gannet']);
  assert.is(checkout.build({ options: ['--check', ...options] }).status, 0);
  assert.is(checkout.build({ options: ['--check'] }).status, 1, 'the simulator is missing');
  checkout.build();
  assert.equal(checkout.calls(), ['build']);
  writeFileSync(checkout.path('cuda/new.cu'), '');
  checkout.build({ options });
  assert.equal(checkout.calls(), ['build'], 'no simulator of older sources stays beside a newer addon');
});

test('a build after a configuration that failed half-way configures afresh', () => {
  const checkout = new Checkout('refused');
  const { status, stderr } = checkout.build({ fake: 'refuse' });
  assert.is(status, 1);
  assert.ok(existsSync(checkout.path('build/CMakeCache.txt')), 'CMake leaves its cache behind');
  const [, cause] = stderr.split('could not be built');
  assert.match(cause ?? '', /CMake Error at CMakeLists.txt:7:\n {2}Could NOT find OpenCL$/m);
  assert.not.match(cause ?? '', 'Call Stack');
  checkout.calls();
  assert.is(checkout.build().status, 0);
  assert.equal(checkout.calls(), ['configure', 'build']);
});

test('a build after one that was killed starts from nothing, and ends the compiler that was left behind', async () => {
  const checkout = new Checkout('killed');
  const building = await checkout.hang();
  building.kill('SIGKILL');
  await once(building, 'exit');
  const orphan = checkout.compiler();
  checkout.calls();
  assert.is(checkout.build().status, 0);
  assert.equal(checkout.calls(), ['configure', 'build']);
  assert.is(checkout.object(), 'compiled ', 'no object of the killed build is left');
  assert.not.ok(runs(orphan), 'the orphaned compiler is gone');
});

test('an interrupted build waits for the compiler and is continued by the next', async () => {
  const checkout = new Checkout('interrupted');
  const building = await checkout.hang();
  building.kill('SIGINT');
  const [code] = await once(building, 'exit');
  assert.is(code, 130);
  assert.not.ok(runs(checkout.compiler()));
  checkout.calls();
  assert.is(checkout.build().status, 0);
  assert.equal(checkout.calls(), ['build']);
  assert.is(checkout.object(), 'compiled compiled ');
});

test('of two builds at once the later waits for the former to end', async () => {
  const checkout = new Checkout('two');
  const first = await checkout.hang();
  const second = spawn(process.execPath, ['scripts/build-addon.mjs'], { cwd: checkout.folder });
  const [message] = await once(second.stderr, 'data');
  assert.match(String(message), `Another build is at work in this folder (process ${first.pid})`);
  first.kill('SIGTERM');
  const [code] = await once(second, 'exit');
  assert.is(code, 0);
  assert.ok(existsSync(checkout.path('build/Release/gannet.node')));
});

test('of many builds at once after one was killed, one takes over and the others find its work done', async () => {
  const checkout = new Checkout('many');
  mkdirSync(checkout.path('build'));
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(checkout.path('build/lock'), JSON.stringify({ holder: { pid: dead, started: '1' } }));
  const builds = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['scripts/build-addon.mjs'], { cwd: checkout.folder }),
  );
  const codes = await Promise.all(builds.map(async (build) => (await once(build, 'exit'))[0]));
  assert.equal(codes, [0, 0, 0, 0, 0, 0]);
  assert.equal(checkout.calls(), ['configure', 'build']);
});

test('options stay with the folder, also through a fresh start', () => {
  const checkout = new Checkout('options');
  const cuda = '--CDGANNET_CUDA=ON --CDGANNET_CUDA_ARCHITECTURES=90-real';
  checkout.build({ options: ['--cuda', '--arch', '90-real'] });
  assert.equal(checkout.calls(), [`configure ${cuda}`, 'build']);
  checkout.build({ options: ['--afresh'] });
  assert.equal(checkout.calls(), [`configure ${cuda}`, 'build']);
  checkout.build({ options: ['--cuda', '--arch', '80-real'] });
  assert.equal(checkout.calls(), [`configure ${cuda.replace('90', '80')}`, 'build']);
});

test('a build in a checkout that was moved configures afresh', () => {
  const checkout = new Checkout('here');
  checkout.build();
  renameSync(checkout.folder, join(folder, 'there'));
  const moved = new Checkout('there');
  moved.calls();
  assert.is(moved.build().status, 0);
  assert.equal(moved.calls(), ['configure', 'build']);
});

function runs(pid: number): boolean {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ') Z';
  return !/\) [ZX]/.test(stat);
}

test.run();
