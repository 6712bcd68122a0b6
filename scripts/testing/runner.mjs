// Runs test files and checks, each in a process of its own, and counts what passed, failed and was skipped.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { root } from '../setup.mjs';
import { BUNDLES, bundleOf } from './bundle.mjs';

/** One more than cores that are kept busy, since tests of pages and of several processes wait much. */
const PROCESSES = Math.min(2, availableParallelism()) + 1;
/** These take longest, and come first, so that no core is idle while the last of them ends. */
const LONG = /^test\/(ranks|watch|parity\/steps)/;
const LONGEST_FILE_MS = 10 * 60_000;
const CHILDREN = pathToFileURL(join(root, 'scripts/testing/children.mjs')).href;

/** The paths of every test file, relative to the checkout, sorted. */
export function testFiles() {
  return readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .sort()
    .sort((a, b) => LONG.test(b) - LONG.test(a));
}

/** Tests that load modules in TypeScript while they run, which need tsx themselves. */
const LOADS_SOURCES =
  /^test\/(docs\/(pages|run_files)|cli\/own_recipe|cli\/project|study\/going_on|models\/recipe_file)\.test\.ts$/;

/** A job that runs a test file, once `bundleTests` has bundled it. `env` comes on top of this process's environment; `name` is how the file is reported. */
export function testJob(file, { name = file, env = {} } = {}) {
  const args = LOADS_SOURCES.test(file)
    ? ['--import', 'tsx', file]
    : ['--enable-source-maps', '--import', CHILDREN, bundleOf(file)];
  return { name, args, env: { GANNET_TEST_BUNDLES: BUNDLES, ...env }, count: countTests };
}

/** A job that runs a script of Node without tests in it; it counts only where it fails. */
export function checkJob(name, args, { env = {} } = {}) {
  return { name, args, env, count: noTests };
}

/** Runs the jobs, PROCESSES at a time, reporting each as it ends; a failed check or a crashed file counts as one failure.
 *  Resolves to `{ passed, failed, skipped }`. */
export async function runAll(jobs) {
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

/** Prints the totals as the last line and sets the exit code: 1 if anything failed. */
export function conclude({ passed, failed, skipped }) {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function runJob({ args, env, count }) {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
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
