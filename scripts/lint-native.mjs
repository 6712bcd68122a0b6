// `npm run lint:native`: holds the layout of the native code to .clang-format, and the code of the addon and the simulator to
// .clang-tidy. Every file counts once for each. The last line is `N passed, N failed, N skipped`.
//   --write        lays the files out instead (`npm run format:native`)
//   --only conv    only the files whose path contains this
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { inParallel, option, root, run } from './kernels/toolchain.mjs';

/** Those of Debian 12: other versions lay out and warn in other ways. */
const FORMAT = 'clang-format-14';
const TIDY = 'clang-tidy-14';
/** The last one has the omp.h of clang. */
const PACKAGES = [FORMAT, TIDY, 'libomp-14-dev'];
/** Where CMake writes how each file is compiled. */
const DATABASE = 'build/lint';

const chosen = (file) => file.includes(option('only') ?? '');

expectTools();
if (process.argv.includes('--write')) await run(FORMAT, ['-i', ...sources()]);
else await check();

async function check() {
  const checks = [
    ...sources().map((file) => [FORMAT, '--dry-run', '-Werror', file]),
    ...compiledSources().map((file) => [TIDY, '--quiet', '-p', DATABASE, file]),
  ];
  const totals = { passed: 0, failed: 0 };
  await inParallel(checks, availableParallelism(), async ([command, ...args]) => {
    try {
      await run(command, args);
      totals.passed += 1;
    } catch ({ message }) {
      console.log(`${message.replace(/^\d+ warnings?.*generated\.$/gm, '').trim()}\n`);
      totals.failed += 1;
    }
  });
  console.log(`${totals.passed} passed, ${totals.failed} failed, 0 skipped`);
  process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

function expectTools() {
  const missing = [FORMAT, TIDY].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
  if (missing.length === 0) return;
  console.error(`${missing.join(' and ')} not found. On Debian 12: apt-get install ${PACKAGES.join(' ')}`);
  process.exit(1);
}

/** Every file of native code that git knows or would add, relative to the checkout. */
function sources() {
  const listing = ['ls-files', '--cached', '--others', '--exclude-standard', '*.cc', '*.cu', '*.cuh', '*.h'];
  return output('git', listing).trim().split('\n').filter(chosen);
}

/** The files that g++ compiles; in them and their headers clang-tidy looks. The kernels among them are CUDA to clang. */
function compiledSources() {
  const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  const options = ['configure', '--out', DATABASE, '--config', 'Release', '--log-level', 'error'];
  output(process.execPath, [cmakeJs, ...options, '--CDCMAKE_EXPORT_COMPILE_COMMANDS=ON']);
  const commands = JSON.parse(readFileSync(join(root, DATABASE, 'compile_commands.json'), 'utf8'));
  const files = commands.map(({ file }) => relative(root, file)).filter((file) => file.endsWith('.cc'));
  return [...new Set(files)].filter(chosen);
}

/** What a command prints. @throws Error with its error output if it fails */
function output(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed:\n${stdout}${stderr}`);
  return stdout;
}
