// Runs the tests of the addon under the sanitizers of GCC: the addon is built with AddressSanitizer and UndefinedBehaviorSanitizer, and the
// device code of the simulator with the former. Leaks are not looked for: Node itself does not free everything at exit.
//   --threads    with ThreadSanitizer, those in which threads end, devices open and close, and promises settle
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOUND = 99;

/** Makes hostile uses of the addon, which are named. */
const USE = 'scripts/torture/addon/child.ts';
/** How often threads are terminated while they train; each round ends seventeen of them. */
const ROUNDS = 6;
const TERMINATIONS = [
  'worker threads are terminated while they train',
  'a worker thread is terminated within a getter',
  'several worker threads are terminated at once',
];

/** Drives nvcc, which is no code of ours. */
const COMPILER_TEST = 'test/cuda/compiled.test.ts';

const MEMORY = {
  build: '--sanitize',
  folder: 'build-sanitize',
  libraries: ['libasan.so', 'libubsan.so'],
  env: {
    ASAN_OPTIONS: `detect_leaks=0:allocator_may_return_null=1:abort_on_error=0:exitcode=${FOUND}`,
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  },
  commands: [...testsIn('test/binding'), ...testsIn('test/cuda'), ['test/parity/cpu.test.ts']],
};

const THREADS = {
  build: '--sanitize-threads',
  folder: 'build-sanitize-threads',
  libraries: ['libtsan.so'],
  env: {
    // Node and oneDNN are not built with ThreadSanitizer, so it would take their own ways to wait for races.
    TSAN_OPTIONS: `ignore_noninstrumented_modules=1:suppressions=${join(root, 'scripts/sanitize/threads.supp')}:allocator_may_return_null=1:exitcode=${FOUND}`,
  },
  commands: [
    ['test/binding/device.test.ts'],
    [USE, '1', 'promises settle while the device works on'],
    [USE, '1', '1,000 devices are opened and closed by four worker threads'],
    ...Array.from({ length: ROUNDS }, (_, seed) => [USE, String(seed), ...TERMINATIONS]),
  ],
};

sanitize(process.argv.includes('--threads') ? THREADS : MEMORY);

function sanitize({ build, folder, libraries, env, commands }) {
  execFileSync(process.execPath, [join(root, 'scripts/build-addon.mjs'), build], { stdio: 'inherit' });
  const environment = {
    ...process.env,
    ...env,
    GANNET_ADDON: join(root, folder, 'Release/gannet.node'),
    LD_PRELOAD: libraries.map(pathOf).join(' '),
  };
  const failed = commands.filter((command) => {
    console.log(command.join(' '));
    const options = { cwd: root, env: environment, stdio: 'inherit' };
    return spawnSync(process.execPath, ['--import', 'tsx', ...command], options).status !== 0;
  });
  console.log(
    failed.length === 0
      ? `${commands.length} commands are clean`
      : `failed: ${failed.map((command) => command.join(' ')).join(', ')}`,
  );
  process.exitCode = failed.length === 0 && commands.length > 0 ? 0 : 1;
}

function testsIn(folder) {
  const files = readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
  return files.filter((file) => file.endsWith('.test.ts') && file !== COMPILER_TEST).map((file) => [file]);
}

function pathOf(library) {
  return execFileSync('g++', [`-print-file-name=${library}`], { encoding: 'utf8' }).trim();
}
