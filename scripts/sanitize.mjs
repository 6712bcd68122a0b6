// Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer and runs the tests that drive it.
// Leaks are not looked for: Node itself does not free everything at exit.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
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

const tests = ['test/binding', 'test/device']
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
  .filter((file) => file.endsWith('.test.ts'));

const failed = tests.filter((file) => {
  console.log(file);
  return spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: root, env, stdio: 'inherit' }).status !== 0;
});
console.log(failed.length === 0 ? `${tests.length} files are clean` : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 && tests.length > 0 ? 0 : 1;
