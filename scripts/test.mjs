// `npm test`: sets everything up, checks types and style, then runs every test/**/*.test.ts in a process of its own.
// `npm test -- conv` runs only the test files whose path contains `conv`, and no checks.
// `npm test -- --quick` runs, without checks, those that show within a minute or two whether gannet works on this Node at all.
// The last line of output is always `N passed, N failed, N skipped`.

import { join } from 'node:path';
import { root, setup } from './setup.mjs';
import { bundleTests } from './testing/bundle.mjs';
import { checkJob, conclude, runAll, testFiles, testJob } from './testing/runner.mjs';

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
  checkJob('types', [binary('typescript', 'bin/tsc'), '--noEmit', '-p', 'tsconfig.test.json']),
  checkJob('types of the page', [binary('typescript', 'bin/tsc'), '--noEmit', '-p', 'page/tsconfig.json']),
  checkJob('style', [binary('@biomejs/biome', 'bin/biome'), 'check', '--no-errors-on-unmatched']),
];

await setup();
const filters = process.argv[2] === '--quick' ? QUICK : process.argv.slice(2);
const files = testFiles().filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
await bundleTests(files);
const tests = files.map((file) => testJob(file));
const totals = await runAll(filters.length === 0 ? [...CHECKS, ...tests] : tests);

if (totals.passed + totals.failed === 0) {
  console.log(filters.length === 0 ? 'No test ran.' : `No test ran: no file under test/ matches ${filters.join(' ')}.`);
  totals.failed = 1;
}
conclude(totals);

function binary(packageName, path) {
  return join(root, 'node_modules', packageName, path);
}
