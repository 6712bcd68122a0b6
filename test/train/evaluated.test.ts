import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { splitBySeed, trainClassifier, writeClassifier } from '../../src/classifier/index.ts';
import type { ConfigChanges } from '../../src/config/index.ts';
import { openDataset } from '../../src/data/index.ts';
import { openDevice } from '../../src/device/index.ts';
import type { GannetError } from '../../src/errors.ts';
import { evaluateRun } from '../../src/evaluation/index.ts';
import { classifierFeatures } from '../../src/metrics/index.ts';
import { listCheckpoints, readMetrics, readMonitors, resume, train } from '../../src/train/index.ts';
import { idxFolder } from '../data/packed_files.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes, eventsOf, only, tinyConfig } from './tiny.ts';

const newRun = (): string => join(temporaryFolder(), 'run');
const evaluated = (changes: ConfigChanges = {}) => tinyConfig({ evaluateEvery: 3, evaluateCount: 30, ...changes });

/** The values of a metric by step. */
const valuesOf = async (run: string, name = 'frechet'): Promise<[number, number][]> =>
  (await readMetrics(run)).flatMap(({ step, values }): [number, number][] =>
    values[name] === undefined ? [] : [[step, values[name] as number]],
  );

const configOf = (run: string) => JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));

/** The steps of the checkpoints that are marked as the best. */
const bestSteps = async (run: string): Promise<number[]> =>
  (await listCheckpoints(run)).filter(({ best }) => best).map(({ step }) => step);

/** Rates at which the figure rises and falls. */
const RESTLESS = { generator: { learningRate: 0.03 }, discriminator: { learningRate: 0.03 } };

/** A file of a classifier for 16x16 pictures, of which another seed makes another. */
async function classifier(seed: number): Promise<string> {
  const device = openDevice('cpu', { threads: 1 });
  const all = await openDataset(temporaryFolder(idxFolder(60, 16, 16)));
  const trained = await trainClassifier(splitBySeed(all, 1), device, { steps: 2, batch: 8, seed });
  device.close();
  const path = join(temporaryFolder(), 'numbers.safetensors');
  await writeClassifier(path, trained);
  return path;
}

test('a run is measured every so many steps and at its last, and its metrics say by what', async () => {
  const run = newRun();
  const events = await eventsOf(train(evaluated({ steps: 7 }), { out: run }));
  assert.equal(
    (await valuesOf(run)).map(([step]) => step),
    [3, 6, 7],
  );
  for (const name of ['kernel', 'precision', 'recall', 'density', 'coverage'])
    assert.is((await valuesOf(run, name)).length, 3, name);
  const { evaluatedBy } = configOf(run);
  const panel = `Frechet distance (pixels ${evaluatedBy.hash.slice(0, 8)})`;
  assert.is(only(events, 'start')[0]?.monitors.frechet?.panel, panel);
  assert.is((await readMonitors(run)).frechet?.panel, panel);
});

test('the training goes on as if nothing were measured', async () => {
  const [plain, measured] = [newRun(), newRun()];
  await eventsOf(train(tinyConfig(), { out: plain }));
  await eventsOf(train(evaluated(), { out: measured }));
  assert.equal(checkpointBytes(measured, 6), checkpointBytes(plain, 6));
  const others = (run: string) =>
    readMetrics(run).then((all) => all.map(({ step, values: { discriminatorLoss } }) => [step, discriminatorLoss]));
  const before = new Set((await others(plain)).map((pair) => JSON.stringify(pair)));
  assert.ok((await others(measured)).filter((pair) => before.has(JSON.stringify(pair))).length === before.size);
});

test('the figures are those of gannet evaluate, beside images without augmentation', async () => {
  const run = newRun();
  await eventsOf(train(evaluated({ augment: { flip: true, rotate: true } }), { out: run }));
  const { figures } = (await evaluateRun(run, { count: 30, seed: 1, kernelBlocks: 10 })).evaluation;
  assert.equal((await valuesOf(run)).at(-1), [6, figures.frechet]);
  assert.equal((await valuesOf(run, 'kernel')).at(-1), [6, figures.kernel.mean]);
  assert.equal((await valuesOf(run, 'recall')).at(-1), [6, figures.recall]);
});

test('a run that was killed and taken up again has the metrics and the best checkpoint of an unbroken one', async () => {
  const [whole, broken] = [newRun(), newRun()];
  const config = evaluated({ ...RESTLESS, steps: 26, checkpointEvery: 5, evaluateEvery: 2 });
  await eventsOf(train(config, { out: whole }));
  for (const [i, step] of [7, 13, 22].entries()) {
    const training = i === 0 ? train(config, { out: broken }) : resume(broken);
    for await (const event of training) if (event.type === 'step' && event.step === step) break;
  }
  await eventsOf(resume(broken));
  const values = async (run: string) => (await readMetrics(run)).map(({ step, values }) => ({ step, values }));
  assert.equal(await values(broken), await values(whole));
  const checkpoints = async (run: string) => (await listCheckpoints(run)).map(({ step, best }) => ({ step, best }));
  assert.equal(await checkpoints(broken), await checkpoints(whole));
  assert.ok(
    (await checkpoints(whole)).some(({ step, best }) => best && step < 22),
    'the best one is not among the last',
  );
  assert.equal(checkpointBytes(broken, 26), checkpointBytes(whole, 26));
});

test('the checkpoint of the lowest distance is marked, saved though no other is due, and spared', async () => {
  const run = newRun();
  const events = await eventsOf(
    train(evaluated({ ...RESTLESS, steps: 32, checkpointEvery: 10, keepCheckpoints: 1 }), { out: run }),
  );
  const counted = (await valuesOf(run)).filter(([step]) => step % 3 === 0);
  let lowest = Number.POSITIVE_INFINITY;
  const improved = counted.flatMap(([step, value]) => {
    if (value >= lowest) return [];
    lowest = value;
    return [step];
  });
  assert.ok(improved.length > 1 && improved.length < counted.length, 'the figure falls and rises');
  const due = new Set([...improved, 10, 20, 30, 32]);
  assert.equal(
    only(events, 'checkpoint').map(({ step }) => step),
    [...due].sort((a, b) => a - b),
  );
  assert.equal(await bestSteps(run), [improved.at(-1)]);
});

const codeOf = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'nothing',
    (error: GannetError) => error.code,
  );

test('figures by another network than before are refused, unless it is named', async () => {
  const [first, second] = [await classifier(1), await classifier(2)];
  const run = newRun();
  await eventsOf(train(evaluated({ evaluateFeatures: first, steps: 3 }), { out: run }));
  assert.is((await valuesOf(run, 'classifierScore')).length, 1);
  const { hash } = await classifierFeatures(first).then((features) => {
    features.close();
    return features;
  });
  assert.match((await readMonitors(run)).kernel?.panel ?? '', hash.slice(0, 8));

  const aside = join(temporaryFolder(), 'aside');
  cpSync(dirname(first), aside, { recursive: true });
  cpSync(dirname(second), dirname(first), { recursive: true });
  assert.is(await codeOf(eventsOf(resume(run, { steps: 6 }))), 'features_changed');
  cpSync(aside, dirname(first), { recursive: true });

  const { evaluatedBy: before } = configOf(run);
  const events = await eventsOf(resume(run, { steps: 6, changes: { evaluateFeatures: second } }));
  const { evaluatedBy } = configOf(run);
  assert.not.equal(before, evaluatedBy);
  assert.equal(
    only(events, 'change').map(({ key, from, to }) => [key, from, to]),
    [
      ['evaluateFeatures', first, second],
      ['evaluatedBy.hash', before.hash, evaluatedBy.hash],
      ['evaluatedBy.name', before.name, evaluatedBy.name],
    ],
  );
  // Whatever the first network said, the best by the second begins anew.
  assert.equal(await bestSteps(run), [6]);
});

test('the best of figures from fewer images begins anew, since those are larger', async () => {
  const run = newRun();
  await eventsOf(train(evaluated({ evaluateFeatures: 'projection', steps: 3 }), { out: run }));
  await eventsOf(resume(run, { steps: 6, changes: { evaluateCount: 6 } }));
  const [[, before], [, after]] = (await valuesOf(run)) as [[number, number], [number, number]];
  assert.ok(after > before, `${after}, ${before}`);
  assert.equal(await bestSteps(run), [6]);
});

test('what was measured of weights that a collapse takes back marks nothing', async () => {
  const run = newRun();
  const config = evaluated({
    steps: 6,
    checkpointEvery: 2,
    evaluateEvery: 6,
    health: { collapseBelow: 1, collapseAfter: 0, onCollapse: 'rollback' },
  });
  const events = await eventsOf(train(config, { out: run }));
  assert.equal(
    only(events, 'rollback').map(({ step, to }) => [step, to]),
    [[6, 4]],
  );
  assert.equal(await bestSteps(run), []);
});

test('of a conditional run the part of images of the class asked for is a metric', async () => {
  const [run, features] = [newRun(), await classifier(1)];
  await eventsOf(train(evaluated({ recipe: 'dcgan-digits-conditional', evaluateFeatures: features }), { out: run }));
  const { figures } = (await evaluateRun(run, { count: 30, seed: 1, features: () => classifierFeatures(features) }))
    .evaluation;
  assert.type(figures.classAccuracy?.overall, 'number');
  assert.equal((await valuesOf(run, 'classAccuracy')).at(-1), [6, figures.classAccuracy?.overall]);
  assert.equal((await valuesOf(run)).at(-1), [6, figures.frechet]);
});

test('an evaluation can be ended, and its keys are refused without one', async () => {
  const run = newRun();
  await eventsOf(train(evaluated({ steps: 3 }), { out: run }));
  await eventsOf(resume(run, { steps: 6, changes: { evaluateEvery: 0 } }));
  assert.equal(
    (await valuesOf(run)).map(([step]) => step),
    [3],
  );
  const code = (changes: ConfigChanges) => {
    try {
      tinyConfig(changes);
    } catch (error) {
      return (error as GannetError).code;
    }
    return 'nothing';
  };
  assert.is(code({ evaluateCount: 30 }), 'unread_key');
});

test('an evaluation can be ended in config.json too', async () => {
  const run = newRun();
  await eventsOf(train(evaluated({ steps: 3 }), { out: run }));
  writeFileSync(join(run, 'config.json'), JSON.stringify({ ...configOf(run), evaluateEvery: 0 }));
  await eventsOf(resume(run, { steps: 6 }));
  assert.equal(
    (await valuesOf(run)).map(([step]) => step),
    [3],
  );
});

test('a network that is not there is told before anything is written', async () => {
  const run = newRun();
  const missing = evaluated({ evaluateFeatures: join(run, 'nothing.safetensors') });
  assert.is(await codeOf(eventsOf(train(missing, { out: run }))), 'classifier_missing');
  assert.is(
    await codeOf(eventsOf(train(evaluated({ evaluateFeatures: 'inception' }), { out: run }))),
    'features_unknown',
  );
  assert.is(await codeOf(readMetrics(run).then((all) => assert.equal(all, []))), 'nothing');
});

test.run();
