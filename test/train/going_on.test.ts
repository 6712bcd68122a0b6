import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { nextBest } from '../../src/train/best.ts';
import { markBest } from '../../src/train/checkpoint/listing.ts';
import { listCheckpoints, type ResumeOptions, resume, type TrainEvent, train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { asVersion01, checkpointBytes, eventsOf, only, tinyConfig } from './tiny.ts';

const newRun = (): string => join(temporaryFolder(), 'run');

/** Whatever is drawn counts as alike, so that the second regular grid, of step 10, is a collapse. */
const COLLAPSING: ConfigChanges = {
  steps: 20,
  sampleEvery: 5,
  checkpointEvery: 3,
  health: { collapseBelow: 1, collapseAfter: 0, onCollapse: 'rollback' },
};

const rollbacksOf = (events: readonly TrainEvent[]): [step: number, to: number][] =>
  only(events, 'rollback').map(({ step, to }) => [step, to]);

/** Trains until `step` and leaves the loop, which saves no more than a kill does. */
async function killedAt(step: number, out: string, changes: ConfigChanges): Promise<void> {
  for await (const event of train(tinyConfig(changes), { out })) {
    if (event.type === 'step' && event.step === step) break;
  }
}

/** Trains until `step`, saves and stops. */
async function interruptedAt(step: number, out: string, changes: ConfigChanges): Promise<void> {
  const controller = new AbortController();
  for await (const event of train(tinyConfig(changes), { out, signal: controller.signal })) {
    if (event.type === 'step' && event.step === step) controller.abort();
  }
}

/** The rollbacks of a run that is cut by `cut` and taken up again, and its last bits, are those of an unbroken one. */
async function expectSame(changes: ConfigChanges, cut: (run: string) => Promise<void>, options: ResumeOptions = {}) {
  const [whole, broken] = [newRun(), newRun()];
  const expected = rollbacksOf(await eventsOf(train(tinyConfig(changes), { out: whole })));
  assert.is(expected.length, 1);
  await cut(broken);
  assert.equal(rollbacksOf(await eventsOf(resume(broken, options))), expected);
  const { steps } = tinyConfig(changes);
  assert.equal(checkpointBytes(broken, steps), checkpointBytes(whole, steps));
}

test('a killed run remembers how often its samples were alike', async () => {
  await expectSame(COLLAPSING, (run) => killedAt(7, run, COLLAPSING));
});

test('the grid that the last step of a stretch draws counts for nothing', async () => {
  const shorter = { ...COLLAPSING, steps: 8 };
  await expectSame(COLLAPSING, (run) => eventsOf(train(tinyConfig(shorter), { out: run })).then(() => {}), {
    steps: 20,
  });
});

test('what an interruption saves is nothing to roll back to, and takes no place from what is', async () => {
  const changes = { ...COLLAPSING, checkpointEvery: 4, keepCheckpoints: 1 };
  await expectSame(changes, (run) => interruptedAt(9, run, changes));
});

test('what a run has told, it does not tell again', async () => {
  const changes = { ...COLLAPSING, health: { collapseBelow: 1, collapseAfter: 0, onCollapse: 'warn' } };
  const run = newRun();
  await killedAt(14, run, changes);
  assert.equal(only(await eventsOf(resume(run)), 'warning'), []);
});

test('a run that has gone back takes nothing from the course it left', async () => {
  const changes = { ...COLLAPSING, steps: 9, checkpointEvery: 2, keepCheckpoints: 10 };
  const run = newRun();
  await eventsOf(train(tinyConfig(changes), { out: run }));
  // Two grids are drawn before the first checkpoint on the new course.
  const later = { sampleEvery: 1, checkpointEvery: 4 };
  const events = await eventsOf(resume(run, { step: 4, steps: 12, changes: later }));
  assert.equal(rollbacksOf(events), [[6, 4]]);
});

test('a run that was killed after it had gone back is still there', async () => {
  const run = newRun();
  await eventsOf(train(tinyConfig({ steps: 8, keepCheckpoints: 10 }), { out: run }));
  for await (const event of resume(run, { step: 4 })) if (event.type === 'step') break;
  assert.equal(
    (await listCheckpoints(run)).map(({ step }) => step),
    [2, 4],
  );
  const [start] = only(await eventsOf(resume(run)), 'start');
  assert.is(start?.step, 4);
});

test('the best is the first checkpoint since the measure was lowest', () => {
  const decay = { scale: 1, since: 10, best: 0.5, smoothed: 0.5 };
  const best = nextBest(undefined, decay, 12);
  assert.equal(best, { step: 12, measure: 0.5 });
  assert.is(nextBest(best, decay, 15), best, 'nothing was measured in between');
  assert.is(nextBest(best, { ...decay, smoothed: 0.6 }, 18), best);
  assert.equal(nextBest(best, { ...decay, best: 0.4, smoothed: 0.4 }, 21), { step: 21, measure: 0.4 });
  assert.is(nextBest(undefined, { scale: 1, since: 0 }, 3), undefined);
});

const PLATEAU: ConfigChanges = {
  recipe: 'began',
  channels: 1,
  steps: 12,
  logEvery: 1,
  checkpointEvery: 3,
  keepCheckpoints: 1,
  // So fast a decay makes the measure lowest early.
  learningRateDecay: { kind: 'plateau', every: 1, factor: 0.5, floor: 0 },
};

test('a kill between saving a checkpoint and marking it best costs neither the mark nor the checkpoint', async () => {
  const [whole, broken] = [newRun(), newRun()];
  await eventsOf(train(tinyConfig(PLATEAU), { out: whole }));
  const marked = (await listCheckpoints(whole)).find(({ best }) => best)?.step as number;
  assert.ok(marked < 12, `the best of an unbroken run, step ${marked}, is not its last`);

  await eventsOf(train(tinyConfig({ ...PLATEAU, steps: marked }), { out: broken }));
  await markBest(broken, 0);
  await eventsOf(resume(broken, { steps: 12 }));
  const kept = async (run: string) => (await listCheckpoints(run)).map(({ step, best }) => [step, best]);
  assert.equal(await kept(broken), await kept(whole));
});

test('the mark of a run of version 0.1 holds', async () => {
  // The measure of step 2 still stands at step 3.
  const changes = { ...PLATEAU, logEvery: 2, checkpointEvery: 1 };
  const run = newRun();
  await eventsOf(train(tinyConfig({ ...changes, steps: 2 }), { out: run }));
  asVersion01(run, 2);
  await eventsOf(resume(run, { steps: 3 }));
  assert.equal(
    (await listCheckpoints(run)).map(({ step, best }) => [step, best]),
    [
      [2, true],
      [3, false],
    ],
  );
});

test.run();
