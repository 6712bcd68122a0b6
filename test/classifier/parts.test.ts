import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectLearnable, openLabelledParts, splitBySeed } from '../../src/classifier/parts.ts';
import type { Dataset } from '../../src/data/index.ts';
import type { DataError } from '../../src/errors.ts';
import { idx, idxFolder } from '../data/packed_files.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { corners } from './pictures.ts';

/** The pixels of all images of a data set with their classes, one text each. */
function contents(dataset: Dataset): string[] {
  const elements = dataset.size[0] * dataset.size[1];
  return Array.from({ length: dataset.count }, (_, index) => {
    const image = new Float32Array(elements);
    dataset.read(index, image, 0);
    return `${dataset.labels?.values[index]} ${image.join()}`;
  });
}

test('a data set with a test part is tested with it', async () => {
  const folder = temporaryFolder({
    ...idxFolder(60, 8, 8),
    't10k-images-idx3-ubyte': idx([7, 8, 8], Array(7 * 64).fill(9)),
    't10k-labels-idx1-ubyte': idx([7], [0, 1, 2, 3, 4, 5, 6]),
  });
  const { training, holdOut, by } = await openLabelledParts(folder);
  assert.equal([training.count, holdOut.count, by], [60, 7, 'test part']);
});

test('of others a sixth is held out by the seed: no image is in both parts, and each keeps its label', async () => {
  const all = corners(100);
  const { training, holdOut, by } = splitBySeed(all, 5);
  assert.equal([training.count, holdOut.count, by], [83, 17, { seed: 5 }]);
  assert.equal([...contents(training), ...contents(holdOut)].sort(), contents(all).sort());
  assert.equal(contents(splitBySeed(all, 5).holdOut), contents(holdOut));
  assert.not.equal(contents(splitBySeed(all, 6).holdOut), contents(holdOut));
  const { by: opened } = await openLabelledParts(temporaryFolder(idxFolder(60, 8, 8)), { seed: 3 });
  assert.equal(opened, { seed: 3 });
});

test('images without labels, with attributes, of one class, or too few are refused', () => {
  const refused = (code: string, dataset: Dataset) => {
    try {
      expectLearnable(dataset);
    } catch (error) {
      assert.is((error as DataError).code, code);
      return;
    }
    assert.unreachable(code);
  };
  const { labels: _, ...unlabelled } = corners(60);
  refused('data_unlabelled', unlabelled);
  refused('labels_not_classes', {
    ...unlabelled,
    labels: { kind: 'attributes', names: ['a', 'b'], values: new Int32Array(120) },
  });
  refused('classes_few', corners(60, 1));
  refused('training_images_few', corners(29, 4));
  assert.equal(expectLearnable(corners(30, 4)).names, ['nw', 'ne', 'sw', 'se']);
});

test.run();
