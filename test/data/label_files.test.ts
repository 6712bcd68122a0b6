import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Dataset, summariseSkipped } from '../../src/data/dataset.ts';
import { openDataset } from '../../src/data/open.ts';
import { idxFolder } from './packed_files.ts';
import { uniformPng } from './pictures.ts';
import { readBytes } from './read.ts';
import { rejects } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

let png: Uint8Array;

test.before(async () => {
  png = await uniformPng(2, 2, [10]);
});

/** A folder of these images, with a file of labels in it. */
const folderWith = (images: readonly string[], file: string, text: string | Uint8Array): string =>
  temporaryFolder({ ...Object.fromEntries(images.map((path) => [path, png])), [file]: text });

const open = (images: readonly string[], file: string, text: string | Uint8Array, attributes?: string[]) =>
  openDataset(folderWith(images, file, text), { size: 2, labels: file, attributes });

/** Kind, names and values of the labels. */
const labelsOf = ({ labels }: Dataset) => labels && [labels.kind, labels.names, [...labels.values]];

test('CSV: the second column names the class of each image, in the order of names', async () => {
  const dataset = await open(['a.png', 'b.png', 'c.png'], 'labels.csv', 'b.png,cat\na.png,"dog, small"\nc.png,cat\n');
  assert.equal(labelsOf(dataset), ['classes', ['cat', 'dog, small'], [1, 0, 0]]);
});

test('CSV: a header names the columns, wherever they stand; a byte order mark and CRLF do no harm', async () => {
  const text = '\uFEFFlabel,width,file_name\r\ncat,3,a.png\r\ndog,4,b.png\r\n';
  assert.equal(labelsOf(await open(['a.png', 'b.png'], 'x.csv', text)), ['classes', ['cat', 'dog'], [0, 1]]);
});

test('TSV: tabs in place of commas', async () => {
  const dataset = await open(['a.png', 'b.png'], 'x.tsv', 'name\tlabel\na.png\tone, two\nb.png\tthree\n');
  assert.equal(labelsOf(dataset), ['classes', ['one, two', 'three'], [0, 1]]);
});

test('CSV: columns of yes and no are attributes, all of them or those that were asked for, in that order', async () => {
  const text = 'image_id,Smiling,Male,Young\na.png,1,-1,-1\nb.png,-1,1,1\n';
  const images = ['a.png', 'b.png'];
  assert.equal(labelsOf(await open(images, 'x.csv', text)), [
    'attributes',
    ['Smiling', 'Male', 'Young'],
    [1, 0, 0, 0, 1, 1],
  ]);
  assert.equal(labelsOf(await open(images, 'x.csv', text, ['Young', 'Smiling'])), [
    'attributes',
    ['Young', 'Smiling'],
    [0, 1, 1, 0],
  ]);
});

test('JSON lines: a label, a list of labels, or attributes that are true or false', async () => {
  const images = ['a.png', 'b.png'];
  const one = '{"name": "a.png", "label": 3}\n\n{"name": "b.png", "label": 12}\n';
  assert.equal(labelsOf(await open(images, 'x.jsonl', one)), ['classes', ['3', '12'], [0, 1]]);
  const many = '{"file_name": "a.png", "labels": ["sky", "sea"]}\n{"file_name": "b.png", "labels": []}';
  assert.equal(labelsOf(await open(images, 'x.jsonl', many)), ['attributes', ['sea', 'sky'], [1, 1, 0, 0]]);
  assert.equal(labelsOf(await open(images, 'x.jsonl', many, ['sky'])), ['attributes', ['sky'], [1, 0]]);
  const truths =
    '{"name": "a.png", "smiles": true, "wears hat": false}\n{"name": "b.png", "smiles": false, "wears hat": true}';
  assert.equal(labelsOf(await open(images, 'x.jsonl', truths)), ['attributes', ['smiles', 'wears hat'], [1, 0, 0, 1]]);
});

test('text: a name and a label on each line', async () => {
  const dataset = await open(['a.png', 'b.png'], 'x.txt', 'a.png   2880\nb.png\tsome person\n');
  assert.equal(labelsOf(dataset), ['classes', ['2880', 'some person'], [0, 1]]);
});

test('a file of labels takes the place of folders as classes', async () => {
  const dataset = await open(['x/a.png', 'y/b.png'], 'x.csv', 'x/a.png,same\ny/b.png,same\n');
  assert.equal(labelsOf(dataset), ['classes', ['same'], [0, 0]]);
});

test('names are paths in the folder, or the name of the one file, whatever its folder or ending', async () => {
  const dataset = await open(['a.png', 'b/c.png', 'd/e.png'], 'x.csv', './a.png,1\nelse/c.png,2\ne.jpg,3\n');
  assert.equal(labelsOf(dataset), ['classes', ['1', '2', '3'], [0, 1, 2]]);
  const twins = await open(['p/a.jpg', 'p/a.png'], 'x.csv', 'a.png,png\na.jpg,jpg\n');
  assert.equal(labelsOf(twins), ['classes', ['jpg', 'png'], [0, 1]]);
});

test('images without a label are left out, rows without an image are passed over, both counted and named', async () => {
  const folder = temporaryFolder({
    'a.png': await uniformPng(2, 2, [10]),
    'b.png': await uniformPng(2, 2, [20]),
    'c.png': await uniformPng(2, 2, [30]),
    'x.csv': 'name,label\nc.png,cat\ngone.png,dog\nalso gone.png,dog\na.png,\n',
  });
  const dataset = await openDataset(folder, { size: 2, channels: 1, labels: 'x.csv' });
  assert.is(dataset.count, 1);
  assert.equal(await readBytes(dataset, 0), [30, 30, 30, 30]);
  const source = `${folder}/x.csv`;
  assert.equal(dataset.skipped, [
    { path: 'a.png', reason: `has no label in ${source}` },
    { path: 'b.png', reason: `has no label in ${source}` },
    { path: 'gone.png', reason: `named in ${source}, but not there` },
    { path: 'also gone.png', reason: `named in ${source}, but not there` },
  ]);
  assert.is(
    summariseSkipped(dataset.skipped, 1),
    `skipped 4 files: a.png and 1 more (has no label in ${source}), gone.png and 1 more (named in ${source}, but not there)`,
  );
});

test('a file that names none of the images is refused, with a name of each', () =>
  rejects(
    () => open(['a.png'], 'x.csv', 'b.jpg,cat\n'),
    'labels_unmatched',
    /names, such as b\.jpg, but it names none of the 1 that are there, such as a\.png/,
  ));

test('names that fit two images, and two names that fit one, are refused', async () => {
  const both = ['x/a.png', 'y/a.png'];
  await rejects(() => open(both, 'x.csv', 'a.png,1\n'), 'label_file', /'a\.png' fits x\/a\.png and y\/a\.png/);
  await rejects(
    () => open(['a.png'], 'x.csv', 'p/a.png,1\nq/a.png,2\n'),
    'label_file',
    /'p\/a\.png' and 'q\/a\.png' both fit a\.png/,
  );
});

test('an image that is labelled twice, and otherwise, is refused with the line', async () => {
  await rejects(
    () => open(['a.png'], 'x.csv', 'a.png,1\na.png,2\n'),
    'label_file',
    /x\.csv, line 2: labels a\.png for a second time/,
  );
  assert.is((await open(['a.png'], 'x.csv', 'a.png,1\na.png,1\n')).count, 1);
});

test('a file that is not what its ending says is refused with the line', async () => {
  const images = ['a.png'];
  await rejects(() => open(images, 'x.csv', 'name,label\na.png,"cat\n'), 'label_file', /is not CSV: /);
  await rejects(() => open(images, 'x.csv', 'name,label\na.png,1,2\n'), 'label_file', /x\.csv, line 2: is not CSV: /);
  await rejects(
    () => open(images, 'x.csv', 'label,name\ncat,\n'),
    'label_file',
    /line 2: expected the name of an image/,
  );
  await rejects(() => open(images, 'x.jsonl', '{"name": "a.png", "label": 1}\n{'), 'label_file', /line 2: is not JSON/);
  await rejects(() => open(images, 'x.jsonl', '{"label": 1}'), 'label_file', /line 1: .* under one of name, file,/);
  await rejects(() => open(images, 'x.jsonl', '[1]'), 'label_file', /line 1: expected a JSON object/);
  await rejects(() => open(images, 'x.txt', 'a.png\n'), 'label_file', /line 1: .* its label, but found 'a\.png'/);
  await rejects(() => open(images, 'x.csv', ''), 'label_file', /expected labels of images, but it has none/);
  await rejects(
    () => open(images, 'x.xml', ''),
    'label_file',
    /one of the endings \.csv \.tsv \.jsonl \.ndjson \.txt \.mat/,
  );
  await rejects(
    () => openDataset(folderWith(images, 'x.csv', ''), { size: 2, labels: 'gone.csv' }),
    'label_file',
    /gone\.csv: .* cannot be read: ENOENT/,
  );
});

test('several columns that are no attributes need a choice', () =>
  rejects(
    () => open(['a.png'], 'x.csv', 'name,breed,age\na.png,cat,3\n'),
    'label_columns',
    /found 2 \(breed, age\); call one `label`, or choose/,
  ));

test('an attribute that is not in the file, or is neither yes nor no, is refused', async () => {
  const text = 'name,Smiling,age\na.png,1,33\n';
  await rejects(
    () => open(['a.png'], 'x.csv', text, ['Smilng']),
    'attribute_unknown',
    /no attribute 'Smilng'. Did you mean 'Smiling'\?/,
  );
  await rejects(
    () => open(['a.png'], 'x.csv', text, ['age']),
    'label_file',
    /line 2: expected 1, 0, .* attribute age, but found '33'/,
  );
});

test('attributes are asked of classes, of no file, or of data with labels of its own: refused', async () => {
  await rejects(() => open(['a.png'], 'x.txt', 'a.png cat', ['cat']), 'attribute_unknown');
  const folder = folderWith(['a.png'], 'x.csv', '');
  await rejects(() => openDataset(folder, { size: 2, attributes: ['x'] }), 'attributes_without_file', /--labels FILE/);
  const packed = temporaryFolder(idxFolder(2, 2, 2));
  await rejects(
    () => openDataset(`mnist:${packed}`, { labels: 'x.csv' }),
    'labels_fixed',
    /mnist: has labels of its own/,
  );
  await rejects(() => openDataset(packed, { attributes: ['x'] }), 'labels_fixed');
});

test('a part that the data does not have is refused', async () => {
  await rejects(
    () => openDataset(temporaryFolder({ 'a.png': png }), { size: 2, split: 'test' }),
    'split_missing',
    /no test part/,
  );
});

test.run();
