import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config, ConfigChanges } from '../../src/config/index.ts';
import { type ExportFormatName, exportRun, type NetworkName } from '../../src/export/index.ts';
import { recipes } from '../../src/models/index.ts';
import { madeUpRun, smallConfig } from './runs.ts';
import { RUNTIMES, testsOf } from './runtimes.ts';

/** Layers so narrow, and images so small, that all is computed at once. */
function changesOf(recipe: string): ConfigChanges {
  if (recipe.startsWith('mlp')) return { size: 8 };
  const isAnySize = ['dcgan', 'dcgan-draft', 'dcgan-digits', 'wgan-gp', 'began'].includes(recipe);
  return { model: { width: 4 }, ...(isAnySize && { size: 16 }) };
}

const RECTANGLES = 'dcgan-draft for rectangles with transparency';
const VIRTUAL = 'dcgan-digits with virtual batch norm';

/** Small configurations of every recipe, by its name, and of norms that none has by itself. */
const CONFIGS: Readonly<Record<string, Config>> = {
  ...Object.fromEntries(recipes.map(({ name }) => [name, smallConfig(name, changesOf(name))])),
  [RECTANGLES]: smallConfig('dcgan-draft', { size: [16, 24], channels: 4, model: { width: 4 } }),
  [VIRTUAL]: smallConfig('dcgan-digits', {
    size: 16,
    model: { width: 4, generatorNorm: 'virtual', discriminatorNorm: 'virtual', referenceBatch: 3 },
  }),
};

/** Those that have between them every layer, each way of telling labels, and every padding. A PyTorch takes seconds to start. */
const DIFFERENT = [
  'dcgan-draft',
  'dcgan-digits-conditional',
  'conv-guide',
  'conv-report-conditional',
  'wgan-gp-conditional',
  'extractor-gan',
  'began',
  RECTANGLES,
  VIRTUAL,
];

/** The networks of a recipe. */
function networksOf(recipe: string): readonly NetworkName[] {
  if (recipe === 'began') return ['generator', 'encoder', 'autoencoder'];
  return ['generator', recipe.startsWith('wgan') ? 'critic' : 'discriminator'];
}

/** Runs are made once and exported to every format. */
const runs = new Map<string, Promise<string>>();
function runOf(name: string): Promise<string> {
  const known = runs.get(name) ?? madeUpRun(CONFIGS[name] as Config);
  runs.set(name, known);
  return known;
}

for (const format of Object.keys(RUNTIMES) as ExportFormatName[]) {
  testsOf(format, (run) => {
    for (const name of Object.keys(CONFIGS)) {
      if (format !== 'onnx' && !DIFFERENT.includes(name)) continue;
      run(`${format} computes what gannet does with every network of ${name}`, async () => {
        for (const network of format === 'html' ? (['generator'] as const) : networksOf(name)) {
          const { check } = await exportRun(await runOf(name), { to: format, network });
          assert.ok(check && 'largestError' in check, `${network}: ${JSON.stringify(check)}`);
          assert.ok(check.largestError < 2e-5, `${network}: ${check.largestError}`);
        }
      });
    }
  });
}

test.run();
