// Finding nvcc and compiling single kernel files; shared by build-ptx.mjs and check-kernels.mjs.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const kernelFolder = join(root, 'cuda');

/** Every architecture that a release is compiled for. */
export const ARCHITECTURES = [75, 80, 86, 89, 90, 100, 120];

/** Where kernel files find each other's headers; `run` works in the project's root. */
export const INCLUDE_FLAG = '-Icuda';

/** What every compilation of a kernel is given; warnings count as errors. */
export const NVCC_FLAGS = ['-std=c++20', '-O3', '-lineinfo', INCLUDE_FLAG, '-Werror', 'all-warnings'];

/** The path of nvcc, or undefined. */
export function findNvcc() {
  const homes = [process.env.CUDA_HOME, process.env.CUDA_PATH, '/usr/local/cuda'].filter(Boolean);
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...homes.map((home) => join(home, 'bin'))];
  return folders.map((folder) => join(folder, 'nvcc')).find((file) => existsSync(file));
}

export const nvccVersion = (nvcc) =>
  /V([\d.]+)/.exec(spawnSync(nvcc, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? 'unknown';

/** Paths of the kernel files below cuda/, such as `products/matmul.cu`. */
export const kernelFiles = () =>
  readdirSync(kernelFolder, { recursive: true })
    .filter((path) => path.endsWith('.cu'))
    .sort();

/** The text of a kernel file and of every header of kernels that it includes, directly or through others. */
export function sourcesOf(file, seen = new Set()) {
  if (seen.has(file)) return '';
  seen.add(file);
  const text = readFileSync(join(kernelFolder, file), 'utf8');
  const included = [...text.matchAll(/^#include "(?!simt\/)([\w./]+)"/gm)].map(([, header]) => sourcesOf(header, seen));
  return [text, ...included].join('\0');
}

/** Runs a command; resolves to its standard error, where compilers speak. @throws Error with that text if it fails */
export function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const text = Buffer.concat(chunks).toString();
      if (code === 0) resolve(text);
      else reject(new Error(text.trim() || `${command} ended with exit code ${code}`));
    });
  });
}

/** Runs `work` on every item, `count` at a time. */
export async function inParallel(items, count, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: count }, worker));
}

/** The value after `--name` on the command line. */
export function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}
