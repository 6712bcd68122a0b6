import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exportRun } from '../../src/export/index.ts';
import { findTorch } from '../../src/export/pytorch/python.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { closeTo } from '../explore/close_to.ts';
import { madeUpRun, smallConfig } from './runs.ts';

const python = await findTorch();
if (python === undefined)
  console.log('no Python with torch is here: how an exported module draws latents is not tested');
const withTorch = (python ? test : test.skip) as typeof test;

/** What a module tells of latents that it draws. */
interface Drawn {
  readonly shape: readonly number[];
  readonly least: number;
  readonly most: number;
  readonly mean: readonly number[];
  readonly covariance: readonly (readonly number[])[];
  /** Whether a seed draws the same twice, and another seed something else. */
  readonly seeds: readonly [boolean, boolean];
  readonly values: readonly number[];
  readonly isTraining: boolean;
  readonly labels: readonly string[] | null;
}

/** Loads a module, and draws latents of it. @param change made to it before */
const DRAW = `
import json, sys
sys.path.insert(0, sys.argv[1])
import model, torch
network = model.load(sys.argv[1] + "/model.safetensors")
with torch.no_grad():
    exec(sys.argv[2])
    z = network.latents(20_000, seed=1)
    again, other = network.latents(20_000, seed=1), network.latents(20_000, seed=2)
print(json.dumps({
    "shape": list(z.shape), "least": z.min().item(), "most": z.max().item(), "mean": z.mean(0).tolist(),
    "covariance": torch.cov(z.t()).tolist(), "seeds": [torch.equal(z, again), not torch.equal(z, other)],
    "values": sorted(set(z[:100, -1].tolist()))[:5], "isTraining": network.training, "labels": getattr(model, "LABELS", None),
}))
`;

async function drawnBy(recipe: string, changes: Parameters<typeof smallConfig>[1], change = ''): Promise<Drawn> {
  const run = await madeUpRun(smallConfig(recipe, { model: { width: 2 }, ...changes }));
  const out = join(temporaryFolder(), 'torch');
  await exportRun(run, { to: 'pytorch', check: false, out });
  return JSON.parse(execFileSync(python as string, ['-B', '-c', DRAW, out, change], { encoding: 'utf8' }));
}

const varianceOf = ({ covariance }: Drawn): readonly number[] => covariance.map((row, i) => row[i] as number);

withTorch('a module draws latents of the distribution that training drew, the same for a seed', async () => {
  const size = { size: 16, latent: { size: 2 } };
  const normal = await drawnBy('dcgan-digits-conditional', size);
  assert.equal([normal.shape, normal.seeds, normal.isTraining], [[20_000, 2], [true, true], false]);
  closeTo(normal.mean, [0, 0], 0.05);
  closeTo(normal.covariance.flat(), [1, 0, 0, 1], 0.05);
  assert.ok(normal.most > 3);
  assert.equal(normal.labels, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  const uniform = await drawnBy('dcgan-digits', { ...size, latent: { size: 2, distribution: 'uniform' } });
  closeTo([uniform.least, uniform.most], [-1, 1], 0.01);
  closeTo(varianceOf(uniform), [1 / 3, 1 / 3], 0.02);
  const unit = await drawnBy('dcgan-digits', { ...size, latent: { size: 2, distribution: 'unit' } });
  closeTo([unit.least, unit.most], [0, 1], 0.01);
  closeTo(varianceOf(unit), [1 / 12, 1 / 12], 0.01);
});

withTorch('a BEGAN draws by the mean and the covariance of its descriptors', async () => {
  const covariance = [2, 1, 0, 1, 3, 0.5, 0, 0.5, 1];
  const change = [
    'network.latent.mean.copy_(torch.tensor([3.0, -2.0, 0.0]))',
    `network.latent.covariance.copy_(torch.tensor([${covariance.map((value) => value.toFixed(1))}]).reshape(3, 3))`,
  ].join('; ');
  const drawn = await drawnBy('began', { size: 16, latent: { size: 3 } }, change);
  closeTo(drawn.mean, [3, -2, 0], 0.1);
  closeTo(drawn.covariance.flat(), covariance, 0.15);
});

withTorch('an Extractor GAN draws representative variables of 0 and 1 behind the noise', async () => {
  const drawn = await drawnBy('extractor-gan', { latent: { size: 3 } });
  assert.equal(
    [drawn.shape, drawn.values],
    [
      [20_000, 4],
      [0, 1],
    ],
  );
  closeTo(drawn.mean.slice(-1), [0.5], 0.05);
});

test.run();
