// What CI runs: `npm test`, then the other checks of the project that this machine can run and that fit into the time. Called by
// .ci/run on a clean checkout; installs what the parts need. The last line is `N passed, N failed, N skipped`.
//   --minutes 45                   none of the parts that take turns starts if it would end later
//   --only 'npm test,fuzzing'      these parts, however long they take
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { ARCHITECTURES, findNvcc, option, root } from './kernels/toolchain.mjs';
import { installDebianPackages, isAdministrator } from './setup/system.mjs';
import { setup } from './setup.mjs';

/** Two idle cores take `minutes` over a part. `debian`: packages beyond those of set-up. `missing` tells what the machine lacks for it. */
const ALWAYS = [
  {
    name: 'npm test',
    command: ['npm', 'test', '--silent'],
    // Without them the tests of pages and of several processes are skipped.
    debian: ['chromium', 'openmpi-bin', 'libopenmpi-dev'],
    minutes: 14,
  },
  {
    name: 'native code',
    command: ['npm', 'run', '--silent', 'lint:native'],
    debian: ['clang-format-14', 'clang-tidy-14', 'libomp-14-dev'],
    minutes: 5,
  },
  { name: 'instruction sets', command: ['npm', 'run', '--silent', 'test:isa'], minutes: 6 },
  {
    name: 'fresh machine',
    command: ['npm', 'run', '--silent', 'fresh-machine'],
    debian: ['debootstrap'],
    minutes: 15,
    missing: () => (isAdministrator() ? undefined : 'root, which makes an empty Debian'),
  },
];

/** Architectures that the kernels are compiled for in turn; for 80 always. */
const BESIDE_80 = ARCHITECTURES.filter((architecture) => architecture !== 80);

/** Where the time does not suffice for all of these, the commit decides which come first. */
const IN_TURN = [
  {
    name: 'kernels',
    command: [
      'sh',
      '-c',
      `npm run --silent check:kernels -- --arch 80,${inTurn(BESIDE_80)} && npm test --silent -- cuda/compiled`,
    ],
    minutes: 8,
    missing: noCompiler,
  },
  { name: 'sanitizers', command: ['npm', 'run', '--silent', 'sanitize'], minutes: 12 },
  { name: 'threads', command: ['npm', 'run', '--silent', 'sanitize', '--', '--threads'], minutes: 5 },
  { name: 'versions of Node', command: ['npm', 'run', '--silent', 'node-versions'], minutes: 7 },
  { name: 'mutated kernels', command: ['node', 'scripts/mutate-kernels.mjs', '--sample', '3'], minutes: 9 },
];

/** Random searches, which may find an old fault at a commit that has not made it: they run only where they are named. */
const NAMED = [
  { name: 'torture', command: ['npm', 'run', '--silent', 'torture', '--', '--minutes', '3'], minutes: 4 },
  {
    name: 'fuzzing',
    command: ['npm', 'run', '--silent', 'fuzz', '--', '--minutes', '10'],
    debian: ['clang-14', 'libclang-rt-14-dev'],
    minutes: 11,
  },
  {
    name: 'planted mistakes',
    command: ['npm', 'run', '--silent', 'fuzz', '--', '--prove'],
    debian: ['clang-14', 'libclang-rt-14-dev'],
    minutes: 8,
  },
];

const DEFAULT_MINUTES = 45;
/** So many lines of a failed part are shown again. */
const FAILURE_LINES = 60;
const COUNTS = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

const startedMs = performance.now();
const elapsedMinutes = () => (performance.now() - startedMs) / 60_000;

const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const parts = chosenParts();
// `npm test` sets up by itself, and the other parts find what it has built.
if (parts[0]?.name !== ALWAYS[0].name) await setup();
for (const part of parts) {
  const { passed, failed, skipped, output } = await runPart(part);
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
  if (failed > 0) failures.push(`\nFailed: ${part.name}\n${whatFailed(output)}`);
}
if (totals.passed + totals.failed === 0) {
  console.log('No test ran.');
  totals.failed = 1;
}
// Once more at the end, since a service may keep only the end of a long log.
for (const failure of failures) console.log(failure);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;

function chosenParts() {
  const names = option('only')?.split(',');
  const usual = [...ALWAYS, ...rotated(IN_TURN)];
  if (names === undefined) return usual;
  const parts = [...usual, ...NAMED];
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length === 0) return parts.filter(({ name }) => names.includes(name));
  throw new Error(`--only takes ${parts.map(({ name }) => name).join(', ')}, but received ${unknown.join(', ')}`);
}

/** The parts in an order that begins elsewhere at every commit. */
function rotated(parts) {
  const first = parts.indexOf(inTurn(parts));
  return [...parts.slice(first), ...parts.slice(0, first)];
}

/** One of several things, another at every commit. */
function inTurn(things) {
  const { stdout } = spawnSync('git', ['rev-list', '--count', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return things[Number(stdout) % things.length];
}

/** Runs a part, or skips it with the reason. Returns what it counted; a part that counts nothing is one test. */
async function runPart(part) {
  const { name, command, minutes, debian = [], missing = () => undefined } = part;
  const late =
    option('only') === undefined &&
    IN_TURN.includes(part) &&
    elapsedMinutes() + minutes > Number(option('minutes') ?? DEFAULT_MINUTES);
  const reason = missing() ?? (late ? `${minutes} minutes, which are not left` : undefined);
  if (reason !== undefined) {
    console.log(`\n${name}: skipped, for want of ${reason}`);
    return { passed: 0, failed: 0, skipped: 1, output: '' };
  }
  console.log(`\n${name}: ${command.join(' ')}`);
  const beganMs = performance.now();
  const counts = (await install(debian))
    ? await count(command)
    : { passed: 0, failed: 1, skipped: 0, output: `could not install ${debian.join(' ')}` };
  console.log(`${name}: ${((performance.now() - beganMs) / 60_000).toFixed(1)} minutes`);
  return counts;
}

async function install(packages) {
  if (packages.length === 0) return true;
  return installDebianPackages(packages, async (command, args) => {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) console.log(`${stdout}${stderr}`);
    return { code: status, output: `${stdout}${stderr}` };
  });
}

/** Runs a command, shows what it prints, and reads the counts in its last line. */
async function count([command, ...args]) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      process.stdout.write(chunk);
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  output = stripVTControlCharacters(output).trimEnd();
  const lastLine = output.split('\n').at(-1);
  const [, passed, failed, skipped] = (COUNTS.exec(lastLine) ?? []).map(Number);
  if (passed === undefined) return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, output };
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped, output };
}

/** The end of a part's output without the lines of what passed. */
function whatFailed(output) {
  return output
    .split('\n')
    .filter((line) => !/^ok +[\d.]+ s /.test(line))
    .slice(-FAILURE_LINES)
    .join('\n');
}

function noCompiler() {
  return findNvcc() === undefined ? "nvcc, the CUDA toolkit's compiler" : undefined;
}
