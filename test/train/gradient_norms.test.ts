import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { SafetensorsFile } from '../../src/safetensors/safetensors.ts';
import { train } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes, eventsOf, only, tinyConfig } from './tiny.ts';

const REPORTED: ConfigChanges = { health: { collapseBelow: 0, gradientNorms: true } };

const PLAYERS = ['generator', 'discriminator'] as const;

/** Trains two steps; the metrics of the second and the run's folder. */
async function twoSteps(changes: ConfigChanges) {
  const run = join(temporaryFolder({}), 'run');
  const config = tinyConfig({ steps: 2, logEvery: 1, checkpointEvery: 1, batch: 4, ...changes });
  const [, second] = only(await eventsOf(train(config, { out: run })), 'metrics');
  return { run, values: second?.values as Record<string, number> };
}

const GAMES: Record<string, ConfigChanges> = {
  'in turn': {},
  'at once': { schedule: 'simultaneous' },
  'in parts': { accumulation: 2 },
  'with a gradient penalty': { recipe: 'wgan-gp', channels: 1, discriminatorSteps: 2 },
  'an autoencoder in turn': { recipe: 'began', channels: 1 },
  'an autoencoder at once': { recipe: 'began', channels: 1, schedule: 'simultaneous' },
};

for (const [game, changes] of Object.entries(GAMES)) {
  test(`weights are the same to the bit whether gradient norms are reported, ${game}`, async () => {
    const without = await twoSteps(changes);
    const reported = await twoSteps({ ...changes, ...REPORTED });
    assert.equal(checkpointBytes(reported.run, 2), checkpointBytes(without.run, 2));
    const { generatorGradientNorm, discriminatorGradientNorm, ...rest } = reported.values;
    assert.ok((generatorGradientNorm as number) > 0 && (discriminatorGradientNorm as number) > 0);
    assert.equal(rest, without.values);
  });
}

/** A network's weights at a step. */
async function weightsAt(run: string, step: number, player: string): Promise<Map<string, Float32Array>> {
  const file = await SafetensorsFile.open(join(run, 'checkpoints', `step-00000${step}`, `${player}.safetensors`));
  const read = [...file.tensors.keys()].map(async (name) => [name, (await file.read(name)) as Float32Array] as const);
  return new Map(await Promise.all(read));
}

for (const game of ['in turn', 'at once', 'in parts', 'an autoencoder at once']) {
  test(`plain gradient descent moves the weights by the learning rate times the norm, ${game}`, async () => {
    const learningRate = 0.5;
    const descent = { name: 'sgd', learningRate };
    const model = { width: 2, generatorNorm: 'none', discriminatorNorm: 'none' };
    const networks = game.startsWith('an autoencoder') ? {} : { model };
    const { run, values } = await twoSteps({
      ...GAMES[game],
      ...REPORTED,
      ...networks,
      generator: descent,
      discriminator: descent,
    });
    for (const player of PLAYERS) {
      const [before, after] = [await weightsAt(run, 1, player), await weightsAt(run, 2, player)];
      const moved = [...before].flatMap(([name, old]) => [...old].map((w, i) => (after.get(name)?.[i] as number) - w));
      const norm = Math.hypot(...moved) / learningRate;
      const told = values[`${player}GradientNorm`] as number;
      assert.ok(Math.abs(told / norm - 1) < 1e-3, `${player}: ${told}, but the weights moved by ${norm}`);
    }
  });
}

test.run();
