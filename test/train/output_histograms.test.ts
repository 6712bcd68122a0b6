import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { BIN_EDGES, countBins } from '../../src/train/histogram.ts';
import {
  type BinCounts,
  type HistogramKind,
  type HistogramsRecord,
  readHistograms,
  resume,
  train,
} from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes, eventsOf, only, tinyConfig } from './tiny.ts';

const test = suite('histograms of the outputs of discriminators');

const RECORDED: ConfigChanges = { health: { collapseBelow: 0, outputHistograms: true } };

/** Trains two steps; what is recorded of the second, and the run's folder. */
async function twoSteps(changes: ConfigChanges) {
  const run = join(temporaryFolder({}), 'run');
  const config = tinyConfig({ steps: 2, logEvery: 1, checkpointEvery: 1, batch: 4, ...changes });
  const [, second] = only(await eventsOf(train(config, { out: run })), 'metrics');
  return { run, values: second?.values as Record<string, number>, histograms: await readHistograms(run) };
}

/** The least and the highest mean of numbers that are counted so. */
function meanOf({ first, counts }: BinCounts, kind: HistogramKind): readonly [number, number] {
  const edges = BIN_EDGES[kind];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = (at: number): number =>
    counts.reduce((sum, count, i) => sum + count * (edges[first + i + at] as number), 0) / total;
  return [mean(0), mean(1)];
}

interface Case {
  readonly changes: ConfigChanges;
  readonly kind: HistogramKind;
  /** The metric that is the mean of what is counted. */
  readonly means: readonly [real: string | undefined, fake: string | undefined];
}

const MEAN_PROBABILITIES = ['dReal', 'dFake'] as const;
const MEAN_SCORES = ['scoreReal', 'scoreFake'] as const;

const GAMES: Record<string, Case> = {
  'in turn': { changes: {}, kind: 'probability', means: MEAN_PROBABILITIES },
  'at once': { changes: { schedule: 'simultaneous' }, kind: 'probability', means: MEAN_PROBABILITIES },
  'in parts': { changes: { accumulation: 2 }, kind: 'probability', means: MEAN_PROBABILITIES },
  'with batch norm and replay': {
    changes: { replay: { share: 0.5 } },
    kind: 'probability',
    means: MEAN_PROBABILITIES,
  },
  'with lazy penalties': {
    changes: { loss: 'hinge', r1: 1, penaltyEvery: 2, model: { discriminatorNorm: 'none' } },
    kind: 'score',
    means: MEAN_SCORES,
  },
  'by least squares': { changes: { loss: 'leastSquares' }, kind: 'score', means: MEAN_SCORES },
  'of pairs': { changes: { loss: 'relativistic' }, kind: 'score', means: [undefined, undefined] },
  'with a gradient penalty': {
    changes: { recipe: 'wgan-gp', channels: 1, discriminatorSteps: 2 },
    kind: 'score',
    means: [undefined, undefined],
  },
  'an autoencoder in turn': {
    changes: { recipe: 'began', channels: 1 },
    kind: 'error',
    means: ['reconstruction', undefined],
  },
  'an autoencoder at once': {
    changes: { recipe: 'began', channels: 1, schedule: 'simultaneous' },
    kind: 'error',
    means: ['reconstruction', 'generatorLoss'],
  },
};

for (const [game, { changes, kind, means }] of Object.entries(GAMES)) {
  test(`what is said of each image is counted, and the weights are the same to the bit, ${game}`, async () => {
    const without = await twoSteps(changes);
    const { run, values, histograms } = await twoSteps({ ...changes, ...RECORDED });
    assert.equal(checkpointBytes(run, 2), checkpointBytes(without.run, 2));
    assert.equal(values, without.values);
    assert.equal(
      histograms.map(({ step, kind }) => [step, kind]),
      [
        [1, kind],
        [2, kind],
      ],
    );
    const second = histograms[1] as HistogramsRecord;
    for (const [i, bins] of [second.real, second.fake].entries()) {
      assert.is(
        bins.counts.reduce((sum, count) => sum + count, 0),
        4,
      );
      const mean = values[means[i] ?? ''];
      if (mean === undefined) continue;
      const [least, most] = meanOf(bins, kind);
      assert.ok(least <= mean && mean <= most, `${means[i]} is ${mean}, not from ${least} to ${most}`);
    }
    assert.not.ok(existsSync(join(without.run, 'histograms.jsonl')));
  });
}

test('numbers are counted in the bin above the edge that they lie on, and beyond the edges in the last bins', () => {
  const edges = [0, 1, 2, 3, 4];
  assert.equal(countBins([1, 1.5, 2, 3.9], edges), { first: 1, counts: [2, 1, 1] });
  assert.equal(countBins([-7, Number.POSITIVE_INFINITY, 4], edges), { first: 0, counts: [1, 0, 0, 2] });
  assert.equal(countBins([], edges), { first: 0, counts: [] });
});

test('the bins are those that the formats page tells', () => {
  const { probability, score, error } = BIN_EDGES;
  assert.equal([probability.length, probability[0], probability[25], probability.at(-1)], [51, 0, 0.5, 1]);
  assert.equal([score.length, score[64], score[72]], [129, 0, Math.sinh(1)]);
  assert.equal([error.length, error[0], error[80], error.at(-1)], [89, 2 ** -10, 1, 2]);
});

test('a run that is taken up replaces what later steps had recorded, with histograms or without', async () => {
  for (const outputHistograms of [true, false]) {
    const run = join(temporaryFolder({}), 'run');
    const settings = { steps: 4, logEvery: 1, checkpointEvery: 2, batch: 4 };
    for await (const event of train(tinyConfig({ ...settings, ...RECORDED }), { out: run }))
      if (event.type === 'step' && event.step === 4) break;
    assert.equal(await stepsOf(run), [1, 2, 3]);
    const path = join(run, 'histograms.jsonl');
    const [before] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"step": 4, "kind": "proba`);
    await eventsOf(resume(run, { changes: { health: { outputHistograms } } }));
    assert.equal(await stepsOf(run), outputHistograms ? [1, 2, 3, 4] : [1, 2]);
    assert.is(readFileSync(path, 'utf8').split('\n')[0], before);
  }
});

const stepsOf = async (run: string): Promise<number[]> => (await readHistograms(run)).map(({ step }) => step);

test('lines that are no histograms are passed over', async () => {
  const line = { step: 1, kind: 'probability', real: { first: 0, counts: [4] }, fake: { first: 49, counts: [4] } };
  const wrong = [
    { ...line, kind: 'other' },
    { ...line, fake: { first: 49, counts: [4, 1] } },
    { ...line, real: { first: -1, counts: [4] } },
    { ...line, real: { first: 0, counts: [-4] } },
    { ...line, step: 1.5 },
  ];
  const text = [...wrong, line].map((each) => `${JSON.stringify(each)}\n`).join('');
  assert.equal(await readHistograms(temporaryFolder({ 'histograms.jsonl': text })), [line]);
});

test.run();
