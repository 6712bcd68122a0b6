// `npm run check:kernels`: compiles every kernel without warnings and holds its registers, spills and PTX to cuda/resources.json
// and to scripts/kernels/rules.mjs, and the products' occupancy and issue slots to their targets. Without nvcc it says that it was skipped.
//   --arch 80,90   these architectures; default: all (minutes on two cores; unchanged files come from build/kernels)
//   --only a/b.cu  these kernel files below cuda/; the table keeps what it says of the others
//   --cached       compile nothing: skipped where a file has changed since it was compiled
//   --jobs 8       so many compilations at once; default: 2
//   --slots        print how many instructions the largest tiles issue per multiplication
//   --update       rewrite the table instead of comparing with it

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { isProduct, ptxFaults, resourceFaults } from './kernels/rules.mjs';
import { kernelsOf } from './kernels/sass.mjs';
import { multiplicationsOf, slotFaults, slotsOf } from './kernels/slots.mjs';
import {
  ARCHITECTURES,
  findNvcc,
  inParallel,
  kernelFiles,
  kernelFolder,
  NVCC_FLAGS,
  nvccVersion,
  option,
  root,
  run,
  sourcesOf,
} from './kernels/toolchain.mjs';

const TABLE = join(kernelFolder, 'resources.json');
const CACHE = join(root, 'build/kernels');

const nvcc = findNvcc();
if (nvcc === undefined) {
  console.log('skipped: the kernels were not compiled, because no nvcc was found (PATH, CUDA_HOME, /usr/local/cuda)');
  process.exit(0);
}
const { dynamicSharedBytes, occupancyOf } = await import('./kernels/occupancy.mjs');
/** Each once: two compilations for one architecture would write the same files. */
const architectures = [...new Set(option('arch')?.split(',').map(Number) ?? ARCHITECTURES)];
const update = process.argv.includes('--update');
const toolkit = nvccVersion(nvcc);

const faults = [];
const compiled = [];
const only = option('only')?.split(',');
const files = kernelFiles().filter((file) => !only || only.includes(file));
const jobs = files.flatMap((file) => architectures.map((architecture) => ({ file, architecture })));
if (process.argv.includes('--cached') && jobs.some((job) => storedFigures(job) === undefined)) {
  console.log('skipped: kernels have changed since they were compiled, which `npm run check:kernels` does');
  process.exit(0);
}
await inParallel(jobs, Number(option('jobs') ?? Math.min(2, availableParallelism())), async (job) => {
  try {
    compiled.push({ ...job, kernels: await figuresOf(job) });
  } catch (error) {
    faults.push(`${job.file} for sm_${job.architecture}: ${error.message}`);
  }
});

const table = readTable();
if (update && !only) forget(architectures);
const dynamic = new Map(architectures.map((architecture) => [architecture, dynamicSharedBytes(architecture)]));
for (const { architecture, kernels } of compiled) {
  for (const kernel of kernels) check(kernel, architecture);
}
if (update) writeTable();
if (process.argv.includes('--slots')) for (const line of slotLines()) console.log(line);
for (const fault of faults) console.error(fault);
console.log(
  `${jobs.length} compilations for ${architectures.map((a) => `sm_${a}`).join(' ')}, ${faults.length} faults`,
);
process.exitCode = faults.length === 0 ? 0 : 1;

/** Registers, spills and PTX faults of every kernel of a file, from the cache where it serves. */
async function figuresOf(job) {
  const stored = storedFigures(job);
  if (stored) return stored;
  const kernels = await compile(job);
  writeFileSync(cacheFile(job), JSON.stringify({ key: cacheKey(job), kernels }));
  return kernels;
}

/** What an earlier compilation of the same text has found, or undefined. */
function storedFigures(job) {
  if (!existsSync(cacheFile(job))) return undefined;
  const { key, kernels } = JSON.parse(readFileSync(cacheFile(job), 'utf8'));
  return key === cacheKey(job) ? kernels : undefined;
}

/** A hash of all that decides about the figures of a file. */
function cacheKey({ file, architecture }) {
  const rules = ['rules', 'sass', 'slots'].map((name) =>
    readFileSync(join(root, `scripts/kernels/${name}.mjs`), 'utf8'),
  );
  return createHash('sha256')
    .update([toolkit, architecture, NVCC_FLAGS.join(' '), sourcesOf(file), ...rules].join('\0'))
    .digest('hex');
}

function cacheFile({ file, architecture }) {
  return join(CACHE, `sm_${architecture}`, `${file}.json`);
}

async function compile({ file, architecture }) {
  const kept = join(CACHE, `sm_${architecture}`, file.replace(/\.cu$/, ''));
  mkdirSync(kept, { recursive: true });
  const cubin = join(kept, 'kernels.cubin');
  const flags = [...NVCC_FLAGS, `-arch=sm_${architecture}`, '-Xptxas', '-v', '--keep', '--keep-dir', kept];
  const report = await run(nvcc, [...flags, '-cubin', '-o', cubin, join(kernelFolder, file)]);
  const bodies = ptxBodies(readFileSync(join(kept, basename(file).replace(/\.cu$/, '.ptx')), 'utf8'));
  const code = kernelsOf(readFileSync(cubin), architecture);
  return parseReport(report).map((kernel) => {
    const body = bodies.get(kernel.symbol) ?? '';
    const multiplications = multiplicationsOf(kernel.name);
    const slots = multiplications && slotsOf(code.get(kernel.symbol), multiplications);
    return { ...kernel, threads: threadsOf(body), faults: ptxFaults(kernel.name, body, architecture), slots };
  });
}

/** What `ptxas -v` says of each kernel. */
function parseReport(report) {
  const kernels = [];
  for (const line of report.split('\n')) {
    const entry = /Compiling entry function '(\S+)'/.exec(line);
    if (entry) kernels.push({ symbol: entry[1], spills: 0, registers: 0, shared: 0 });
    const kernel = kernels.at(-1);
    if (!kernel) continue;
    const spills = /(\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (spills) kernel.spills = Number(spills[1]) + Number(spills[2]);
    const used = /Used (\d+) registers/.exec(line);
    if (used) kernel.registers = Number(used[1]);
    const memory = /(\d+) bytes smem/.exec(line);
    if (memory) kernel.shared = Number(memory[1]);
  }
  const names = demangle(kernels.map(({ symbol }) => symbol));
  return kernels.map((kernel, i) => ({ ...kernel, name: names[i] }));
}

/** Names as C++ writes them, without parameters and namespaces. */
function demangle(symbols) {
  const { stdout } = spawnSync('c++filt', { input: symbols.join('\n'), encoding: 'utf8' });
  const lines = stdout?.split('\n') ?? symbols;
  return lines.map((line) => withoutParameters(line.replaceAll('gannet::kernels::', '').replace(/^void /, '')));
}

/** `f<(A)1, B<2> >(int)` -> `f<(A)1, B<2> >`: parameters begin at the first parenthesis outside angle brackets. */
function withoutParameters(name) {
  let depth = 0;
  for (let i = 0; i < name.length; i++) {
    if (name[i] === '<') depth++;
    else if (name[i] === '>') depth--;
    else if (name[i] === '(' && depth === 0) return name.slice(0, i);
  }
  return name;
}

function ptxBodies(ptx) {
  const parts = ptx.split(/\.entry (\w+)\(/);
  const bodies = new Map();
  for (let i = 1; i < parts.length; i += 2) bodies.set(parts[i], parts[i + 1]);
  return bodies;
}

/** The block size that a kernel declares, or null. */
function threadsOf(body) {
  const bound = /\.maxntid (\d+)(?:, (\d+), (\d+))?/.exec(body);
  return bound ? bound.slice(1).reduce((product, n) => product * Number(n ?? 1), 1) : null;
}

function check(kernel, architecture) {
  const { symbol, name, threads, registers, spills, shared: staticShared, slots } = kernel;
  const figures = { registers, spills, shared: staticShared, ...occupancy(kernel, architecture) };
  if (slots) figures.slots = Number(slots.all.toFixed(2));
  if (update) {
    table[symbol] ??= { name, threads, on: {} };
    table[symbol].on[architecture] = figures;
  }
  const budget = table[symbol]?.on[architecture];
  const found = [...kernel.faults, ...resourceFaults(name, figures, budget), ...slotFaults(name, slots, architecture)];
  for (const fault of found) faults.push(`${name} for sm_${architecture} ${fault}`);
}

/** Of products that the launchers use on an architecture: the shared memory they ask for, and how many fit a multiprocessor. */
function occupancy({ symbol, name, threads, registers, shared: staticShared }, architecture) {
  const bytes = dynamic.get(architecture).get(symbol);
  if (!isProduct(name) || bytes === undefined) return {};
  return { dynamic: bytes, ...occupancyOf({ threads, registers, sharedBytes: staticShared + bytes }, architecture) };
}

/** What the loops of the largest tiles issue, a line for every product and architecture. */
function slotLines() {
  return compiled.flatMap(({ architecture, kernels }) =>
    kernels.flatMap(({ name, slots }) => {
      const { operation } = multiplicationsOf(name) ?? {};
      if (!slots || !/Tile<128, 128,/.test(name)) return [];
      const [all, inner] = [slots.all, slots.inner].map((count) => count.toFixed(2));
      return [`sm_${architecture} ${name}: ${all} instructions per ${operation}, ${inner} in the inner loop`];
    }),
  );
}

function readTable() {
  return existsSync(TABLE) ? JSON.parse(readFileSync(TABLE, 'utf8')).kernels : {};
}

/** Makes room for new figures; kernels that no longer exist go with them. */
function forget(outdated) {
  for (const [symbol, { on }] of Object.entries(table)) {
    for (const architecture of outdated) delete on[architecture];
    if (Object.keys(on).length === 0) delete table[symbol];
  }
}

/** One line per kernel, in the order of names, so that changes read well. */
function writeTable() {
  const entries = Object.entries(table).sort(([, a], [, b]) => (a.name < b.name ? -1 : 1));
  const lines = entries.map(([symbol, entry]) => `    ${JSON.stringify(symbol)}: ${JSON.stringify(entry)}`);
  writeFileSync(TABLE, `{\n  "toolkit": ${JSON.stringify(toolkit)},\n  "kernels": {\n${lines.join(',\n')}\n  }\n}\n`);
}
