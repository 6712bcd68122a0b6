// `npm run build:ptx -- --arch 80` writes one .ptx per kernel file under build/ptx, in the folders of cuda/.
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import {
  findNvcc,
  INCLUDE_FLAG,
  inParallel,
  kernelFiles,
  kernelFolder,
  option,
  root,
  run,
} from './kernels/toolchain.mjs';

const architecture = Number(option('arch') ?? 80);
if (!Number.isInteger(architecture)) {
  console.error('usage: npm run build:ptx -- [--arch 80]');
  process.exit(2);
}
const nvcc = findNvcc();
if (nvcc === undefined) {
  console.error('PTX needs the CUDA toolkit, and no nvcc was found: put it on PATH or set CUDA_HOME.');
  process.exit(1);
}

const folder = join(root, 'build/ptx');
await inParallel(kernelFiles(), Math.min(2, availableParallelism()), async (name) => {
  const target = join(folder, name.replace(/\.cu$/, '.ptx'));
  mkdirSync(dirname(target), { recursive: true });
  try {
    await run(nvcc, [
      '-std=c++20',
      '-O3',
      INCLUDE_FLAG,
      `-arch=compute_${architecture}`,
      '-ptx',
      '-o',
      target,
      join(kernelFolder, name),
    ]);
    console.log(`build/ptx/${name.replace(/\.cu$/, '.ptx')}`);
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    process.exitCode = 1;
  }
});
