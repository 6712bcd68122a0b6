import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PACKAGE_ROOT } from '../../src/package.ts';
import { readStudyFile } from '../../src/study/file.ts';
import { rowsOf } from '../../src/study/rows.ts';

const test = suite('shipped studies');

const FOLDER = join(PACKAGE_ROOT, 'studies');

const studyRows = async (name: string) => rowsOf(await readStudyFile(join(FOLDER, `${name}.json`)));

test('every study has rows that its recipes accept, and a small form with no more rows', async () => {
  const names = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));
  assert.equal(names.sort(), ['kernels', 'kernels-small', 'norms', 'norms-small', 'wasserstein', 'wasserstein-small']);
  for (const name of ['kernels', 'norms', 'wasserstein']) {
    const [large, small] = [await studyRows(name), await studyRows(`${name}-small`)];
    assert.ok(small.length >= 3 && small.length <= large.length, name);
  }
});

test('the study of kernels is that of the practical guide: its DCGAN of 32x32, 100 epochs of CIFAR-10 with kernels of 3, 4 and 5', async () => {
  const rows = await studyRows('kernels');
  assert.equal(
    rows.map(({ config }) => [config.recipe, config.model.kernel, config.epochs, config.batch, config.data]),
    [3, 4, 5].map((kernel) => ['dcgan-guide', kernel, 100, 128, 'cifar10:cifar-10-batches-bin']),
  );
});

test('the study of Wasserstein GANs has the layers of its DCGAN but for the norm of the critic', async () => {
  const [dcgan, ...critics] = (await studyRows('wasserstein')).map(({ config }) => config);
  assert.equal(
    critics.map(({ discriminatorSteps }) => discriminatorSteps),
    [1, 5, 5],
  );
  for (const { model } of critics) assert.equal(model, { ...dcgan?.model, discriminatorNorm: 'layer' });
});

test.run();
