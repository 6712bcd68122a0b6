import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDataset } from '../../src/data/open.ts';
import { uniformPng } from './pictures.ts';
import { readBytes } from './read.ts';
import { rejects } from './rejects.ts';
import { temporaryFolder } from './temporary.ts';

/** As the archive has it: values are 1 and -1, filled up with spaces; lines end in spaces. */
const ATTRIBUTES = `4
5_o_Clock_Shadow Male Smiling 
000001.jpg -1  1  1
000002.jpg -1 -1  1
000003.jpg  1  1 -1
000004.jpg -1 -1 -1
`;
const PARTITION = '000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n000004.jpg 0\n';

/** The images 1 to `count`, each of its number's grey, with the list of attributes. */
async function celeba(count: number, files: Record<string, string> = { 'list_attr_celeba.txt': ATTRIBUTES }) {
  const images: Record<string, Uint8Array> = {};
  for (let n = 1; n <= count; n++) images[`img_align_celeba/00000${n}.jpg`] = await uniformPng(9, 11, [n, n, n]);
  return `celeba:${temporaryFolder({ ...images, ...files })}`;
}

test('all forty attributes, here three, of every image', async () => {
  const { name, count, labels } = await openDataset(await celeba(4), { size: 4 });
  assert.equal([name, count, labels?.kind], ['celeba', 4, 'attributes']);
  assert.equal(labels?.names, ['5_o_Clock_Shadow', 'Male', 'Smiling']);
  assert.equal([...(labels?.values ?? [])], [0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0]);
});

test('chosen attributes, in the order in which they are asked for', async () => {
  const { labels } = await openDataset(await celeba(4), { size: 4, attributes: ['Smiling', 'Male'] });
  assert.equal(labels?.names, ['Smiling', 'Male']);
  assert.equal([...(labels?.values ?? [])], [1, 1, 1, 0, 0, 1, 0, 0]);
});

test('attributes stay with their images where some images are missing, which are named', async () => {
  const dataset = await openDataset(await celeba(2), { size: 4, attributes: ['Male'] });
  assert.equal([...(dataset.labels?.values ?? [])], [1, 0]);
  assert.equal(
    dataset.skipped.map(({ path }) => path),
    ['000003.jpg', '000004.jpg'],
  );
});

test('the parts that the list of partitions tells; the other parts are left out without a word', async () => {
  const spec = await celeba(4, { 'list_attr_celeba.txt': ATTRIBUTES, 'list_eval_partition.txt': PARTITION });
  const train = await openDataset(spec, { size: 1, split: 'train', attributes: ['Smiling'] });
  assert.equal([train.count, [...(train.labels?.values ?? [])], train.skipped], [2, [1, 0], []]);
  const held = await openDataset(spec, { size: 1, split: 'test' });
  assert.equal([held.count, await readBytes(held, 0)], [1, [3, 3, 3]]);
  await rejects(
    async () => openDataset(await celeba(4), { size: 1, split: 'test' }),
    'split_missing',
    /list_eval_partition\.txt/,
  );
});

test('the archive in its own folders, PNG in place of JPEG, and the list as CSV', async () => {
  const png = await uniformPng(9, 11, [1, 1, 1]);
  const archive = temporaryFolder({
    'Anno/list_attr_celeba.txt': ATTRIBUTES,
    'Img/img_align_celeba_png/000003.png': png,
  });
  assert.equal([...((await openDataset(`celeba:${archive}`, { size: 4 })).labels?.values ?? [])], [1, 1, 0]);
  const csv = temporaryFolder({
    'list_attr_celeba.csv': 'image_id,Male,Smiling\n000001.jpg,-1,1\n',
    'img_align_celeba/img_align_celeba/000001.jpg': png,
  });
  assert.equal([...((await openDataset(`celeba:${csv}`, { size: 4 })).labels?.values ?? [])], [0, 1]);
});

test('a plain folder takes the list as any file of labels', async () => {
  const folder = (await celeba(4)).slice('celeba:'.length);
  const dataset = await openDataset(`${folder}/img_align_celeba`, {
    size: 4,
    labels: `${folder}/list_attr_celeba.txt`,
    attributes: ['Male'],
  });
  assert.equal([...(dataset.labels?.values ?? [])], [1, 0, 1, 0]);
});

test('an attribute that is not in the list is refused with the nearest', async () => {
  const spec = await celeba(1);
  await rejects(
    () => openDataset(spec, { size: 4, attributes: ['smile'] }),
    'attribute_unknown',
    /has no attribute 'smile'\. .*It has 5_o_Clock_Shadow, Male, Smiling\./,
  );
});

test('a damaged list is refused with the line', async () => {
  const damaged = async (text: string, ...patterns: RegExp[]) => {
    const spec = await celeba(1, { 'list_attr_celeba.txt': text });
    await rejects(() => openDataset(spec, { size: 4 }), 'label_file', ...patterns);
  };
  await damaged('2\nMale\n000001.jpg 1\n', /line 1: promises 2 images, but 1 follow/);
  await damaged('1\nMale Young\n000001.jpg 1\n', /line 3: expected 2 values for 000001\.jpg, but found 1/);
  await damaged('1\nMale\n000001.jpg 7\n', /line 3: expected 1 or -1, but found '7'/);
});

test('without its folder, its list or its images it is refused', async () => {
  await rejects(() => openDataset('celeba', { size: 4 }), 'data_folder_missing', /celeba:DIR/);
  await rejects(async () => openDataset(await celeba(1, {}), { size: 4 }), 'celeba_missing', /list_attr_celeba\.txt/);
  await rejects(async () => openDataset(await celeba(1)), 'image_size');
});

test.run();
