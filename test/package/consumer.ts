import { spawnSync } from 'node:child_process';
import { accessSync, constants, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { productionPackages, root } from './packing.ts';

/** Programs that npm and npx call. There is no compiler among them, and no CMake. */
const PROGRAMS = ['env', 'npm', 'npx', 'sh'];

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty project of someone who wants to use gannet: no compiler, no network, nothing but Node and npm. */
export class Consumer {
  readonly folder: string;
  private readonly programs: string;

  constructor(folder: string) {
    this.folder = folder;
    this.programs = join(folder, 'bin');
    mkdirSync(this.programs, { recursive: true });
    symlinkSync(process.execPath, join(this.programs, 'node'));
    for (const name of PROGRAMS) symlinkSync(findProgram(name), join(this.programs, name));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  }

  /** Where gannet lies once it is installed. */
  get installed(): string {
    return join(this.folder, 'node_modules', 'gannet');
  }

  /** Installs a tarball as a user does, except that the packages which it needs are there already, since there is no network.
   *  @throws Error with npm's own words */
  install(tarball: string): void {
    for (const path of productionPackages()) this.provide(path);
    const arguments_ = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball];
    const { exitCode, stdout, stderr } = this.run('npm', ...arguments_);
    if (exitCode !== 0) throw new Error(`npm install failed:\n${stdout}${stderr}`);
  }

  /** Puts an installed package of the checkout into the project, with its links in .bin: npm would fetch it again without. */
  provide(path: string): void {
    const target = join(this.folder, path);
    cpSync(join(root, path), target, { recursive: true });
    const { name, bin = {} } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
    const programs: Record<string, string> = typeof bin === 'string' ? { [name]: bin } : bin;
    const links = join(this.folder, 'node_modules', '.bin');
    mkdirSync(links, { recursive: true });
    for (const [program, file] of Object.entries(programs)) {
      symlinkSync(relative(links, join(target, file)), join(links, program));
    }
  }

  /** Runs a program in the project's folder. */
  run(program: string, ...args: string[]): Outcome {
    const { status, stdout, stderr, error } = spawnSync(join(this.programs, program), args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: {
        PATH: this.programs,
        HOME: this.folder,
        npm_config_cache: join(this.folder, 'npm-cache'),
        npm_config_registry: 'http://127.0.0.1:9',
        npm_config_update_notifier: 'false',
      },
    });
    if (error) throw error;
    return { exitCode: status, stdout, stderr };
  }
}

function findProgram(name: string): string {
  const folders = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined) throw new Error(`${name} is not on PATH`);
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
