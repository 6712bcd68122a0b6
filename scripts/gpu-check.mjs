// `npm run gpu-check`: what only a GPU can show. Builds the device 'cuda', runs the whole suite with the kernels' tests on it, once
// more with every launch waited for, then the benchmark; writes one report, build/gpu-check.txt.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './kernels/toolchain.mjs';

const report = [];
const env = { ...process.env, GANNET_KERNEL_DEVICE: 'cuda' };
const gannet = ['--import', 'tsx', 'src/cli/main.ts'];

const parts = [
  { title: 'the GPU', command: 'nvidia-smi', args: [] },
  { title: 'build', command: process.execPath, args: ['scripts/build-addon.mjs', '--cuda'] },
  { title: 'what gannet finds', command: process.execPath, args: [...gannet, 'doctor'] },
  { title: 'the suite', command: process.execPath, args: ['scripts/test.mjs'] },
  {
    title: 'the cases, every launch waited for',
    command: process.execPath,
    args: ['scripts/test.mjs', 'test/parity/kernels'],
    env: { GANNET_CUDA_SYNC: '1' },
  },
  ...['float32', 'tf32', 'bfloat16'].map((precision) => ({
    title: `the benchmark in ${precision}`,
    command: process.execPath,
    args: [...gannet, 'bench', '--device', 'cuda', '--precision', precision, '--batch', '128'],
  })),
];

const failed = parts.filter((part) => !run(part));
mkdirSync(join(root, 'build'), { recursive: true });
const file = join(root, 'build/gpu-check.txt');
writeFileSync(file, `${report.join('\n')}\n`);
console.log(
  `${failed.length === 0 ? 'all parts ended well' : `failed: ${failed.map(({ title }) => title).join(', ')}`}; the report is ${file}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function run({ title, command, args, env: more }) {
  console.log(`${title} ...`);
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    env: { ...env, ...more },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  report.push(`== ${title}`, `${stdout ?? ''}${stderr ?? ''}${error ? error.message : ''}`.trim(), '');
  return status === 0;
}
