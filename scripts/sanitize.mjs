// Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer, and the device code of the simulator with the former, and
// runs the tests that drive them.
// Leaks are not looked for: Node itself does not free everything at exit.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
execFileSync(process.execPath, [join(root, 'scripts/build-addon.mjs'), '--sanitize'], { stdio: 'inherit' });

const library = (name) => execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();

const env = {
  ...process.env,
  GANNET_ADDON: join(root, 'build-sanitize/Release/gannet.node'),
  LD_PRELOAD: ['libasan.so', 'libubsan.so'].map(library).join(' '),
  ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1:abort_on_error=0:exitcode=99',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
};

const FOLDERS = ['test/binding', 'test/cuda'];
/** Drives nvcc, which is no code of ours. */
const COMPILER_TEST = 'test/cuda/compiled.test.ts';
const tests = [
  ...FOLDERS.flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)),
  'test/parity/cpu.test.ts',
].filter((file) => file.endsWith('.test.ts') && file !== COMPILER_TEST);

const failed = tests.filter((file) => {
  console.log(file);
  return spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: root, env, stdio: 'inherit' }).status !== 0;
});
console.log(failed.length === 0 ? `${tests.length} files are clean` : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 && tests.length > 0 ? 0 : 1;
