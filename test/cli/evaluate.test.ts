import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { noiseRun } from '../explore/runs.ts';
import { gannet, jsonLines } from './command.ts';

let run = '';
test.before(async () => {
  run = await noiseRun();
});

test('figures are printed, and a report and a picture lie in the run', async () => {
  const { exitCode, stdout, stderr } = await gannet(['evaluate', run, '--count', '30', '--features', 'projection']);
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, /Reading real images\n.*Drawing images\n.*Measuring\n$/s);
  assert.match(stdout, 'dcgan-digits at step 2: 30 generated images of seed 1');
  assert.match(stdout, /features: projection [0-9a-f]{8}, 256 columns/);
  for (const figure of ['Frechet distance (projection ', 'kernel distance (projection ', 'precision', 'coverage']) {
    assert.match(stdout, figure);
  }
  assert.match(stdout, 'warning: 30 images of either kind: below 10000');
  const [, report, picture] = /report in (\S+), nearest real images in (\S+)/.exec(stdout) ?? [];
  assert.match(report ?? '', /evaluations\/step-000002-projection-[0-9a-f]{8}-count-30-seed-1\.json$/);
  const { format, step, count, figures } = JSON.parse(readFileSync(report ?? '', 'utf8'));
  assert.equal({ format, step, count }, { format: 'gannet-evaluation', step: 2, count: 30 });
  assert.type(figures.frechet, 'number');
  assert.is(
    readFileSync(picture ?? '')
      .subarray(1, 4)
      .toString(),
    'PNG',
  );
});

test('--json prints the report with its places', async () => {
  const out = join(temporaryFolder(), 'deep', 'report.json');
  const { exitCode, stdout, stderr } = await gannet(['evaluate', run, '--count', '12', '--out', out, '--json']);
  assert.is(exitCode, 0, stderr);
  assert.is(stderr, '');
  const [printed] = jsonLines(stdout);
  const { format, gannet: version, ...written } = JSON.parse(readFileSync(out, 'utf8'));
  assert.type(version, 'string');
  assert.equal(printed, { type: 'evaluation', ...written, report: out, picture: out.replace('.json', '.png') });
  assert.ok(existsSync(out.replace('.json', '.png')));
});

test('what cannot be evaluated is refused with its code', async () => {
  const refused = async (exitCode: number, code: string, ...options: string[]) => {
    const outcome = await gannet(['evaluate', run, ...options, '--json']);
    const [{ code: found }] = jsonLines(outcome.stdout) as [{ code: string }];
    assert.equal([outcome.exitCode, found], [exitCode, code], options.join(' '));
  };
  await refused(2, 'features_unknown', '--features', 'inception');
  await refused(2, 'out_not_json', '--out', 'report.txt');
  await refused(4, 'samples_few', '--count', '5');
  await refused(4, 'samples_few', '--count', '41');
  await refused(4, 'data_unknown', '--data', 'nowhere');
  await refused(1, 'checkpoint_missing', '--step', '77');
});

test.run();
