// `npm test`: sets everything up, checks types and style, then runs every test/**/*.test.ts in a process of its own.
// `npm test -- conv` runs only the test files whose path contains `conv`, and no checks.
// `npm test -- --quick` runs, without checks, those that show within a minute or two whether gannet works on this Node at all.
// The last line of output is always `N passed, N failed, N skipped`.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root, setup } from './setup.mjs';

const PROCESSES = Math.min(2, availableParallelism());
const LONGEST_FILE_MS = 10 * 60_000;

/** One or more files of every folder whose work depends on Node: the addon, threads, processes, files, streams. */
const QUICK = [
  ...[
    'binding/device',
    'binding/ops',
    'binding/random',
    'cli/describe',
    'cli/usage',
    'cli/train',
    'data/',
    'graph/schedule',
  ],
  ...[
    'models/',
    'nn/',
    'ops/shapes',
    'package/self_test',
    'train/checkpoint',
    'train/run',
    'train/session',
    'train/train',
  ],
].map((path) => `test/${path}`);

const CHECKS = [
  { name: 'types', args: [binary('typescript', 'bin/tsc'), '--noEmit', '-p', 'tsconfig.test.json'], count: noTests },
  { name: 'style', args: [binary('@biomejs/biome', 'bin/biome'), 'check', '--no-errors-on-unmatched'], count: noTests },
];

setup();
const filters = process.argv[2] === '--quick' ? QUICK : process.argv.slice(2);
const files = testFiles().filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
const tests = files.map((file) => ({ name: file, args: ['--import', 'tsx', file], count: countTests }));
const totals = await runAll(filters.length === 0 ? [...CHECKS, ...tests] : tests);

if (totals.passed + totals.failed === 0) {
  console.log(filters.length === 0 ? 'No test ran.' : `No test ran: no file under test/ matches ${filters.join(' ')}.`);
  totals.failed = 1;
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;

/** Runs the jobs, PROCESSES at a time, reporting each as it ends; a failed check or a crashed file counts as one failure. */
async function runAll(jobs) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...jobs];
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const result = await runJob(job);
      report(job, result);
      for (const key of Object.keys(totals)) totals[key] += result[key];
    }
  };
  await Promise.all(Array.from({ length: PROCESSES }, worker));
  return totals;
}

function runJob({ args, count }) {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST_FILE_MS,
      killSignal: 'SIGKILL',
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('close', (code, signal) => {
      const output = stripVTControlCharacters(Buffer.concat(chunks).toString());
      const elapsedMs = performance.now() - startedMs;
      const counted = count(output);
      const problem = describeProblem(code, signal, counted, elapsedMs);
      const failed = problem && counted.failed === 0 ? 1 : counted.failed;
      resolve({ ...counted, failed, output, elapsedMs, problem });
    });
  });
}

/** Why a process did not end well, or undefined where it did. */
function describeProblem(code, signal, { missing, failed }, elapsedMs) {
  if (signal && elapsedMs >= LONGEST_FILE_MS) return `stopped after ${LONGEST_FILE_MS / 60_000} minutes`;
  if (signal) return `crashed with ${signal}`;
  if (failed > 0) return `${failed} failed`;
  if (code !== 0) return `ended with exit code ${code}`;
  return missing ? 'ran no tests (is test.run() missing?)' : undefined;
}

/** Reads the counts that uvu prints at the end of a file. */
function countTests(output) {
  const summary = [...output.matchAll(/^ {2}Total: +(\d+)\s+Passed: +(\d+)\s+Skipped: +(\d+)$/gm)].at(-1);
  if (summary === undefined) return { ...noTests(), missing: true };
  const [total, passed, skipped] = summary.slice(1).map(Number);
  return { passed, failed: total - passed, skipped, missing: total + skipped === 0 };
}

function noTests() {
  return { passed: 0, failed: 0, skipped: 0, missing: false };
}

function report({ name }, { passed, skipped, output, elapsedMs, problem }) {
  const seconds = `${(elapsedMs / 1000).toFixed(1)} s`.padStart(8);
  const counts = [passed > 0 && `${passed} passed`, skipped > 0 && `${skipped} skipped`, problem]
    .filter(Boolean)
    .join(', ');
  console.log(`${problem ? 'FAIL' : 'ok  '} ${seconds}  ${name}${counts && `  (${counts})`}`);
  if (problem) console.log(`\n${output.trimEnd()}\n`);
}

function testFiles() {
  return readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .sort();
}

function binary(packageName, path) {
  return join(root, 'node_modules', packageName, path);
}
