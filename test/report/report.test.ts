import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { INK, PALETTE } from '../../src/charts/theme.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { writeReport } from '../../src/report/index.ts';
import { linesIn } from '../charts/svg.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { folderOf, metricsLine, PIXEL, type WrittenRun } from '../watch/runs.ts';

const HOSTILE = '<script>alert(1)</script>"\'`|\n# x\n![a](b)';

/** The report of written runs, as text. */
async function reportOf(runs: Readonly<Record<string, WrittenRun>>, name = 'report.html'): Promise<string> {
  const root = folderOf(runs);
  const out = join(root, name);
  await writeReport(
    Object.keys(runs).map((run) => join(root, run)),
    out,
  );
  return readFileSync(out, 'utf8');
}

/** Rows of a page's tables: the texts of their cells. */
const rowsIn = (html: string): string[][] =>
  [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell = '']) => cell),
  );

/** Drawings of a page, for the light page and the dark one in turns. */
const drawingsIn = (html: string): string[] =>
  [...html.matchAll(/data:image\/svg\+xml;base64,([\w+/=]+)/g)].map(([, data = '']) =>
    Buffer.from(data, 'base64').toString(),
  );

const hasRow = (html: string, ...row: string[]): void =>
  assert.ok(
    rowsIn(html).some((cells) => cells.join('\0') === row.join('\0')),
    `a row of ${row.join(' | ')}`,
  );

test('a page tells state, settings, events, surroundings, and how to repeat the run', async () => {
  const html = await reportOf({
    first: {
      config: { batch: 17, model: { width: 8 } },
      metrics: [metricsLine(10, { discriminatorLoss: 2 }), metricsLine(20, { discriminatorLoss: 1 })],
      log: [
        'started on cpu',
        'warning at step 10: the samples are alike',
        'rolled back to the weights of step 5',
        'note at step 15: a good one',
        'finished at step 20',
      ],
      grids: [10, 20],
      files: {
        'environment.json': JSON.stringify({
          gannet: '0.1.0',
          node: 'v22',
          device: 'cpu: A',
          data: '/images of mine',
          argv: ['node', 'gannet', 'train', 'dcgan-digits', '--data', 'images of mine'],
          startedAt: '2026-11-28T10:00:00.000Z',
          sittings: [
            { from: 0, startedAt: 'a', gannet: '0.1.0', node: 'v22', device: 'cpu: A', details: { isa: 'avx2' } },
            { from: 10, startedAt: 'b', gannet: '0.1.0', node: 'v22', device: 'cpu: A', details: { isa: 'avx512' } },
          ],
        }),
      },
    },
  });
  hasRow(html, 'first', 'dcgan-digits', 'mnist', 'finished', '20 of 100', '160', '2.0 s');
  hasRow(html, 'batch', '17', '64');
  hasRow(html, 'model.width', '8', '32');
  hasRow(html, 'first', '10', 'warning', 'the samples are alike');
  hasRow(html, 'first', '10', 'rollback', 'rolled back to the weights of step 5');
  hasRow(html, 'first', '15', 'note', 'a good one');
  hasRow(html, 'device', 'cpu: A');
  hasRow(html, 'first', '10', 'b', '0.1.0', 'cpu: A', 'isa avx512');
  assert.match(html, 'gannet train dcgan-digits --data &#39;images of mine&#39;');
  assert.match(html, '--set &#39;batch=17&#39;');
  assert.match(html, 'resumed once:');
  assert.is(html.split(`data:image/png;base64,${PIXEL.toString('base64')}`).length - 1, 2);
  assert.match(html, 'first at step 20');
});

test('curves and the time line are drawn for a light page and a dark one', async () => {
  const html = await reportOf({
    first: { metrics: [metricsLine(10, { k: 2 }), metricsLine(20, { k: 1 })], log: ['note at step 10: here'] },
  });
  const drawings = drawingsIn(html);
  assert.equal(
    drawings.map((svg) => /fill="(#\w+)"/.exec(svg)?.[1]),
    Array(3).fill(['#16181d', '#ffffff']).flat(),
  );
  assert.match(html, 'k. At the end: k 1');
});

test('several runs, of several recipes, share a plot for each metric and a table of what differs', async () => {
  const html = await reportOf({
    one: { config: { batch: 8 }, metrics: [metricsLine(1, { generatorLoss: 3 })] },
    two: { config: { recipe: 'began', batch: 16 }, metrics: [metricsLine(1, { generatorLoss: 4, k: 0.5 })] },
  });
  hasRow(html, 'batch', '8', '16');
  hasRow(html, 'recipe', 'dcgan-digits', 'began');
  assert.match(html, 'At the end: one 3, two 4');
  assert.match(html, 'At the end: two 0.5');
});

test('a run that was made before a key came into being differs by nothing', async () => {
  const { replay: _, ...config } = resolveConfig({ recipe: 'dcgan-digits', data: 'mnist', steps: 100, batch: 8 });
  const { dropout: __, ...model } = config.model;
  const html = await reportOf({
    old: { config: { ...config, replay: undefined, model } },
    now: { config: { batch: 8 } },
  });
  assert.match(html, 'Nothing: all runs have the same settings.');
  assert.equal(
    rowsIn(html).filter(([key]) => key?.startsWith('replay') || key?.startsWith('model')),
    [],
  );
});

test('a run has the same colour in every plot', async () => {
  const html = await reportOf({
    one: { metrics: [metricsLine(1, { generatorLoss: 3 }), metricsLine(2, { generatorLoss: 3 })] },
    two: { metrics: [metricsLine(1, { mine: 4 }), metricsLine(2, { mine: 4 })] },
  });
  const drawing = drawingsIn(html).find((svg) => svg.includes('>mine<') && svg.includes(INK.light.page));
  assert.equal(
    linesIn(drawing ?? '').map(({ stroke }) => stroke),
    [PALETTE.light[1]],
  );
});

test('a run that was killed at once, or whose process is gone, has a report', async () => {
  const html = await reportOf({ killed: { metrics: [], log: ['started on cpu'] } });
  hasRow(html, 'killed', 'dcgan-digits', 'mnist', 'crashed: its process is gone', '0 of 100', '', '');
  assert.match(html, 'No metrics were logged yet.');
});

test('what was measured of a run stands in it, and a file that is no evaluation is named', async () => {
  const figures = { frechet: 1.5, kernel: { mean: 0.25, deviation: 0.125 }, precision: 0.5, recall: 0.75 };
  const more = { density: 1, coverage: 0.875, nearestRatio: 1 };
  const evaluation = { step: 20, data: 'mnist', features: { name: 'pixels', hash: '302ca79c1' }, count: 500, seed: 1 };
  const html = await reportOf({
    first: {
      files: {
        'evaluations/a.json': JSON.stringify({ ...evaluation, figures: { ...figures, ...more } }),
        'evaluations/b.json': '{"step": 1}',
      },
    },
  });
  hasRow(html, 'Frechet distance (pixels 302ca79c)', '1.500', '0 at best');
  hasRow(html, 'coverage', '0.8750', 'real images that have a generated neighbour');
  assert.match(html, 'not readable as evaluations: b.json');
});

/** A run in which every text is hostile. */
const hostile: WrittenRun = {
  config: { data: HOSTILE, [HOSTILE]: 1 },
  metrics: [metricsLine(10, { [`${HOSTILE}\u0001`]: 1 })],
  log: [`note at step 1: ${HOSTILE.replaceAll('\n', ' ')}`],
  files: {
    'environment.json': JSON.stringify({ device: HOSTILE, argv: ['node', 'x', 'train', HOSTILE], sittings: 3 }),
    'evaluations/<img src=x onerror=alert(1)>.json': '{}',
  },
};

test('nothing of a run folder becomes markup of a page or a drawing, and a link leads to no other file', async () => {
  const root = folderOf({ '<b>run': { ...hostile, grids: [1] } });
  const secret = join(temporaryFolder(), 'secret');
  writeFileSync(secret, 'no picture');
  symlinkSync(secret, join(root, '<b>run', 'samples', 'step-000002.png'));
  const out = join(root, 'report.html');
  await writeReport([join(root, '<b>run')], out);
  const html = readFileSync(out, 'utf8');
  const drawings = drawingsIn(html);
  assert.ok(drawings.length > 0);
  for (const markup of ['<script', '<b>run', '<img src=x', '\u0001'])
    for (const page of markup === '\u0001' ? drawings : [html, ...drawings]) assert.not.match(page, markup);
  assert.match(html, '&lt;b&gt;run at step 1<');
  assert.not.match(html, 'at step 2<');
});

test('Markdown has its pictures in a folder beside it, and nothing of a run becomes markup', async () => {
  const root = folderOf({ first: { ...hostile, grids: [1] } });
  const out = join(root, 'summary.md');
  await writeReport([join(root, 'first')], out);
  const text = readFileSync(out, 'utf8');
  const outsideCode = text.replaceAll(/^ {4}.*$/gm, '');
  assert.match(outsideCode, '\\<script');
  for (const markup of [/(?<!\\)<script/, /(?<!\\)!\[a/, /(?<!\\)<img/, /^# x/m]) assert.not.match(outsideCode, markup);
  const pictures = [...text.matchAll(/^!\[.*\]\(<(.*)>\)$/gm)].map(([, path = '']) => path);
  assert.equal(pictures.slice(-2), ['summary-pictures/samples-1-step-1.png', 'summary-pictures/health.svg']);
  assert.ok(pictures.every((path) => existsSync(join(root, path))));
  assert.is(readdirSync(join(root, 'summary-pictures')).length, pictures.length);
});

test('a file of another kind, no run, too many runs, and a folder that is no run are refused', async () => {
  const root = folderOf({ first: {} });
  const run = join(root, 'first');
  const codeOf = (...[runs, out]: [string[], string]): Promise<string> =>
    writeReport(runs, join(root, out)).then(
      () => 'none',
      (error: { code: string }) => error.code,
    );
  assert.is(await codeOf([run], 'report.pdf'), 'out_not_report');
  assert.is(await codeOf([], 'report.html'), 'report_runs');
  assert.is(await codeOf(Array(13).fill(run), 'report.html'), 'report_runs');
  assert.is(await codeOf([root], 'report.html'), 'run_missing');
  assert.is(await codeOf([run, run], 'first/config.json/report.html'), 'storage_failed');
  assert.not.ok(existsSync(join(root, 'report.html')));
});

test.run();
