import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError } from '../../src/errors.ts';
import { type StudyEvent, type StudyFile, type StudyOptions, study } from '../../src/study/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes } from '../train/tiny.ts';
import { tinyStudy } from './tiny.ts';

const test = suite('study');

const eventsOf = async (file: StudyFile, options: StudyOptions): Promise<StudyEvent[]> => {
  const events: StudyEvent[] = [];
  for await (const event of study(file, options)) events.push(event);
  return events;
};

/** What became of the rows: `kernel-3 new`, `kernel-3 finished`. */
const story = (events: readonly StudyEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'row' || event.type === 'outcome'
      ? [`${event.row} ${event.state}`]
      : event.type === 'end'
        ? [event.reason]
        : [],
  );

const reportIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));

test('every row is trained in a folder of its own and stands in the report', async () => {
  const out = temporaryFolder({});
  const events = await eventsOf(tinyStudy({ evaluation: { count: 20 } }), { out });
  assert.equal(story(events), ['kernel-3 new', 'kernel-3 finished', 'kernel-4 new', 'kernel-4 finished', 'finished']);
  for (const name of ['kernel-3', 'kernel-4'])
    assert.ok(existsSync(join(out, 'runs', name, 'checkpoints', 'step-000006')), name);
  const { settings, rows, pictures } = reportIn(out);
  assert.equal(settings, [{ key: 'model.kernel', values: ['3', '4'] }]);
  assert.equal(
    rows.map(({ name, final, evaluation }: never) => [
      name,
      (final as { step: number }).step,
      (evaluation as { count: number }).count,
    ]),
    [
      ['kernel-3', 6, 20],
      ['kernel-4', 6, 20],
    ],
  );
  assert.ok(
    rows.every(({ evaluation }: { evaluation: { figures: { frechet: number } } }) => evaluation.figures.frechet > 0),
  );
  assert.equal(pictures, { curves: 'curves.png', samples: ['samples.png'] });
  for (const name of ['curves.png', 'samples.png']) assert.ok(existsSync(join(out, name)), name);
  const text = readFileSync(join(out, 'report.md'), 'utf8');
  assert.match(text, /\| row \| model\.kernel \|\n\| --- \| --- \|\n\| kernel-3 \| 3 \|\n\| kernel-4 \| 4 \|/);
  assert.match(text, /\| kernel-3 \| finished \| 6 \|/);
});

test('a study that is stopped goes on where it was, to the bits of an unbroken one', async () => {
  const [broken, whole] = [temporaryFolder({}), temporaryFolder({})];
  const stop = new AbortController();
  const first: StudyEvent[] = [];
  for await (const event of study(tinyStudy(), { out: broken, signal: stop.signal })) {
    first.push(event);
    // In the middle of the second row.
    if (event.type === 'training' && event.row === 'kernel-4' && event.event.type === 'step' && event.event.step === 3)
      stop.abort();
  }
  assert.equal(story(first), ['kernel-3 new', 'kernel-3 finished', 'kernel-4 new', 'interrupted']);
  const second = await eventsOf(tinyStudy(), { out: broken });
  assert.equal(story(second), ['kernel-3 kept', 'kernel-4 resumed', 'kernel-4 finished', 'finished']);
  await eventsOf(tinyStudy(), { out: whole });
  for (const name of ['kernel-3', 'kernel-4'])
    assert.equal(checkpointBytes(join(broken, 'runs', name), 6), checkpointBytes(join(whole, 'runs', name), 6));
});

test('a run that diverges is reported, and the next begins', async () => {
  const out = temporaryFolder({});
  const rows = [
    {
      name: 'wild',
      generator: { name: 'sgd', learningRate: 1e30 },
      discriminator: { name: 'sgd', learningRate: 1e30 },
    },
    { name: 'calm' },
  ];
  const file = tinyStudy({ vary: undefined, rows });
  assert.equal(story(await eventsOf(file, { out })), [
    'wild new',
    'wild diverged',
    'calm new',
    'calm finished',
    'finished',
  ]);
  assert.match(
    readFileSync(join(out, 'report.md'), 'utf8'),
    /## What went wrong\n\n- \*\*wild\*\*, diverged: .*(NaN|infinite)/,
  );
  const again = await eventsOf(file, { out });
  assert.equal(story(again), ['wild kept', 'calm kept', 'finished']);
  assert.equal(
    again.flatMap((event) => (event.type === 'row' ? [event.ended] : [])),
    ['diverged', 'finished'],
  );
});

test('a run that fails is reported and tried again', async () => {
  const out = temporaryFolder({});
  const rows = [{ name: 'nowhere', data: join(out, 'nothing') }, { name: 'here' }];
  const file = tinyStudy({ vary: undefined, rows });
  assert.equal(story(await eventsOf(file, { out })), [
    'nowhere new',
    'nowhere failed',
    'here new',
    'here finished',
    'finished',
  ]);
  assert.match(reportIn(out).rows[0].outcome.problem, /nothing/);
  assert.equal(story(await eventsOf(file, { out })).slice(0, 3), ['nowhere new', 'nowhere failed', 'here kept']);
});

test('a run that failed on its way goes on', async () => {
  const out = temporaryFolder({});
  const file = tinyStudy({ vary: { seed: [1] } });
  for await (const event of study(file, { out }))
    if (event.type === 'training' && event.event.type === 'checkpoint') break;
  const path = join(out, 'study.json');
  const state = JSON.parse(readFileSync(path, 'utf8'));
  state.rows['seed-1'].outcome = { state: 'failed', problem: 'the disk was full' };
  writeFileSync(path, JSON.stringify(state));
  assert.equal(story(await eventsOf(file, { out })), ['seed-1 resumed', 'seed-1 finished', 'finished']);
  assert.is(reportIn(out).rows[0].final.step, 6);
});

test('new rows are run, changed ones refused', async () => {
  const out = temporaryFolder({});
  await eventsOf(tinyStudy({ vary: { 'model.kernel': [3] } }), { out });
  const more = await eventsOf(tinyStudy({ vary: { 'model.kernel': [3, 5] } }), { out });
  assert.equal(story(more), ['kernel-3 kept', 'kernel-5 new', 'kernel-5 finished', 'finished']);
  const { base } = tinyStudy();
  try {
    await eventsOf(tinyStudy({ base: { ...base, batch: 4, steps: 8 } }), { out });
    assert.unreachable('a changed study was taken up');
  } catch (error) {
    assert.instance(error, ConfigError);
    assert.is((error as ConfigError).code, 'study_changed');
    assert.match((error as Error).message, /kernel-3: steps from 6 to 8, batch from 8 to 4/);
  }
  assert.equal(
    reportIn(out).rows.map(({ name }: { name: string }) => name),
    ['kernel-3', 'kernel-5'],
  );
});

test('a row that was begun before a key came into being is still the same', async () => {
  const out = temporaryFolder({});
  const file = tinyStudy({ vary: { seed: [1] } });
  await eventsOf(file, { out });
  const path = join(out, 'study.json');
  const state = JSON.parse(readFileSync(path, 'utf8'));
  delete state.rows['seed-1'].config.model.dropout;
  writeFileSync(path, JSON.stringify(state));
  assert.equal(story(await eventsOf(file, { out })), ['seed-1 kept', 'finished']);
});

test('runs are evaluated anew where the evaluation is another, and not trained again', async () => {
  const out = temporaryFolder({});
  await eventsOf(tinyStudy({ vary: { seed: [1] }, evaluation: { count: 10 } }), { out });
  const later = await eventsOf(tinyStudy({ vary: { seed: [1] }, evaluation: { count: 12 } }), { out });
  assert.equal(
    later.filter(({ type }) => type === 'training'),
    [],
  );
  assert.is(reportIn(out).rows[0].evaluation.count, 12);
});

test('an evaluation that cannot be made leaves the run finished and is told', async () => {
  const out = temporaryFolder({});
  await eventsOf(tinyStudy({ vary: { seed: [1] }, evaluation: { count: 5000 } }), { out });
  const { outcome } = reportIn(out).rows[0];
  assert.is(outcome.state, 'finished');
  assert.match(outcome.problem, /^not evaluated: .*5000 images/);
});

test.run();
