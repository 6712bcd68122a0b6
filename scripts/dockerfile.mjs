// Does what a Dockerfile says in the folder of an empty Debian, without a container engine: the instructions that the project's own needs.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './kernels/toolchain.mjs';

/** The instructions of the project's Dockerfile, in their order, as `{ name, value }`. */
export function dockerInstructions() {
  const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, value] = /^([A-Z]+) (.*[^\\])$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`the Dockerfile has a line that is not read here: ${line}`);
      return { name, value };
    });
}

/** The suite of Debian and the major version of Node of an image such as `node:20-bookworm-slim`. */
export function imageOf(value) {
  const [, node, suite] = /^node:(\d+)-(\w+)-slim$/.exec(value) ?? [];
  if (suite === undefined) throw new Error(`FROM takes node:VERSION-SUITE-slim here, but received ${value}`);
  return { node: Number(node), suite };
}

/** Follows all instructions behind FROM in a folder. `runLine(line, cwd)` runs a line of RUN in it, as docker does.
 *  Returns the last folder of WORKDIR and the command of ENTRYPOINT. */
export function followInstructions(folder, instructions, runLine) {
  let cwd = '/';
  let entryPoint;
  const follow = {
    WORKDIR(value) {
      cwd = value;
      mkdirSync(join(folder, cwd), { recursive: true });
    },
    COPY(value) {
      if (value !== '. .') throw new Error(`COPY takes ". ." here, but received ${value}`);
      copyContext(join(folder, cwd));
    },
    RUN(value) {
      runLine(value, cwd);
    },
    VOLUME(value) {
      mkdirSync(join(folder, value), { recursive: true });
    },
    EXPOSE() {},
    ENTRYPOINT(value) {
      entryPoint = JSON.parse(value);
    },
  };
  for (const { name, value } of instructions) {
    if (!(name in follow)) throw new Error(`the Dockerfile has an instruction that is not known here: ${name}`);
    follow[name](value);
  }
  return { cwd, entryPoint };
}

/** Copies this checkout less what .dockerignore names: entries of the checkout's own folder, `*` for any letters. */
function copyContext(folder) {
  const patterns = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
  const odd = patterns.find((pattern) => !/^[\w.*-]+$/.test(pattern));
  if (odd !== undefined) throw new Error(`.dockerignore may hold names and * here, but received ${odd}`);
  const left = patterns.map((text) => new RegExp(`^${text.replaceAll('.', '\\.').replaceAll('*', '.*')}$`));
  const names = readdirSync(root).filter((name) => !left.some((pattern) => pattern.test(name)));
  const { status, stderr } = spawnSync('cp', ['--recursive', ...names, folder], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the checkout cannot be copied: ${stderr}`);
}
