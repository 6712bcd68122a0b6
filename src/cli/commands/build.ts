import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DeviceError } from '../../errors.ts';
import { PACKAGE_ROOT } from '../../package.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit_codes.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { type Io, printLine } from '../io.ts';

/** What a build needs of npm beyond what gannet installs; package.json has their versions. */
const BUILD_PACKAGES = ['cmake-js', 'node-addon-api', 'node-api-headers'];

/** `gannet build`: compiles the addon from the sources in the package, where the one that it brings does not serve. */
export const addBuildCommand = (program: Command, context: Context): Command =>
  program
    .command('build')
    .description('compile the native addon on this machine, in place of the one in the package')
    .option('--cuda', "with the device 'cuda', which needs the CUDA toolkit 13")
    .option('--mpi', "only the library that several processes train together through; needs the system's MPI")
    .option(
      '--arch <list>',
      "GPU architectures to compile for, such as '80-real;90-real' (implies --cuda); default: this machine's",
    )
    .action(async ({ cuda, arch, mpi }: { cuda?: boolean; arch?: string; mpi?: boolean }) => {
      if (!mpi) expectBuildPackages();
      const built = mpi
        ? await build(context.io, 'build-mpi.mjs')
        : await build(context.io, 'build-addon.mjs', [
            ...(cuda || arch ? ['--cuda'] : []),
            ...(arch ? ['--arch', arch] : []),
          ]);
      if (built) printLine(context.io.stdout, mpi ? MPI_BUILT : ADDON_BUILT);
      else context.exitCode = EXIT.interrupted;
    });

const MPI_BUILT = 'The library for MPI is built; `mpirun -n 2 gannet train ...` trains on two processes.';
const ADDON_BUILT = 'The native addon is built; gannet uses it from now on. `gannet doctor` shows its devices.';

function expectBuildPackages(): void {
  const file = join(PACKAGE_ROOT, 'package.json');
  const { devDependencies } = JSON.parse(readFileSync(file, 'utf8')) as { devDependencies: Record<string, string> };
  const { resolve } = createRequire(file);
  const missing = BUILD_PACKAGES.filter((name) => !canResolve(() => resolve(`${name}/package.json`)));
  if (missing.length === 0) return;
  const wanted = missing.map((name) => `'${name}@${devDependencies[name]}'`).join(' ');
  throw new DeviceError(
    'build_packages_missing',
    `to compile the native addon, gannet needs the npm packages ${missing.join(', ')}, which it does not install by itself\n  npm install --save-dev ${wanted}`,
  );
}

function canResolve(resolve: () => string): boolean {
  try {
    return resolve() !== '';
  } catch {
    return false;
  }
}

/** Runs a script that compiles. Answers false if it was interrupted. @throws DeviceError build_failed */
async function build(io: Io, file: string, options: readonly string[] = []): Promise<boolean> {
  const interrupt = listenForInterrupt(
    io,
    'Stopping the build. The next one keeps what is compiled. Ctrl-C again quits at once.',
  );
  const compiling = spawn(process.execPath, [join(PACKAGE_ROOT, 'scripts', file), ...options], {
    stdio: ['ignore', 2, 2],
  });
  interrupt.signal.addEventListener('abort', () => compiling.kill());
  const [code] = await once(compiling, 'close');
  interrupt.dispose();
  if (code !== 0 && !interrupt.signal.aborted) {
    throw new DeviceError('build_failed', 'it could not be compiled; the messages above say why');
  }
  return code === 0;
}
