import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DeviceError } from '../../errors.ts';
import { PACKAGE_ROOT } from '../../package.ts';
import type { Context } from '../context.ts';
import { printLine } from '../io.ts';

/** What a build needs of npm beyond what gannet installs; package.json has their versions. */
const BUILD_PACKAGES = ['cmake-js', 'node-addon-api', 'node-api-headers'];

/** `gannet build`: compiles the addon from the sources in the package, where the one that it brings does not serve. */
export const addBuildCommand = (program: Command, { io }: Context): Command =>
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
      if (mpi) {
        await build('build-mpi.mjs');
        printLine(io.stdout, 'The library for MPI is built; `mpirun -n 2 gannet train ...` trains on two processes.');
        return;
      }
      expectBuildPackages();
      await build('build-addon.mjs', [...(cuda || arch ? ['--cuda'] : []), ...(arch ? ['--arch', arch] : [])]);
      printLine(io.stdout, 'The native addon is built; gannet uses it from now on. `gannet doctor` shows its devices.');
    });

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

async function build(file: string, options: readonly string[] = []): Promise<void> {
  const script = join(PACKAGE_ROOT, 'scripts', file);
  const compiling = spawn(process.execPath, [script, ...options], { stdio: ['ignore', 2, 2] });
  const [code] = await once(compiling, 'close');
  if (code !== 0) {
    throw new DeviceError('build_failed', 'it could not be compiled; the messages above say why');
  }
}
