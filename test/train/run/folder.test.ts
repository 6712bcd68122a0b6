import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dcgan } from '../../../src/models/index.ts';
import { describeEnvironment, type Environment } from '../../../src/train/run/environment.ts';
import { createRunFolder, type NewRun, readRunFolder } from '../../../src/train/run/folder.ts';
import { withFailingDisk } from './faults.ts';
import { rejection } from './rejects.ts';
import { sitting } from './sitting.ts';
import { temporaryFolder } from './temporary.ts';

const environment: Environment = {
  gannet: '0.1.0',
  commit: null,
  node: 'v20.0.0',
  platform: 'linux',
  cpu: 'a processor',
  cores: 2,
  memoryBytes: 1024,
  device: 'cpu',
  seed: 7,
  data: '/home/ada/photos',
  argv: ['gannet', 'train', 'dcgan'],
  startedAt: '2026-11-22T03:10:45.123Z',
  sittings: [sitting({ from: 0 })],
};

const newRun = (place: Pick<NewRun, 'out' | 'root'>): NewRun => ({
  recipe: dcgan,
  config: { recipe: 'dcgan', batch: 32 },
  environment,
  ...place,
});

test('an unnamed run lies under its recipe and the time it started', async () => {
  const root = join(temporaryFolder(), 'runs');
  const { folder } = await createRunFolder(newRun({ root }));
  assert.is(folder, join(root, 'dcgan-20261122-031045'));
  assert.equal(readdirSync(folder).sort(), ['README.md', 'config.json', 'environment.json', 'samples']);
});

test('runs started in the same second get folders of their own', async () => {
  const root = temporaryFolder();
  const runs = await Promise.all([1, 2, 3].map(() => createRunFolder(newRun({ root }))));
  assert.equal(runs.map(({ folder }) => folder).sort(), [
    join(root, 'dcgan-20261122-031045'),
    join(root, 'dcgan-20261122-031045-2'),
    join(root, 'dcgan-20261122-031045-3'),
  ]);
});

test('a run folder is read back as it was made', async () => {
  const made = await createRunFolder(newRun({ out: join(temporaryFolder(), 'new', 'run') }));
  assert.equal(await readRunFolder(made.folder), made);
});

test('the README tells how to go on and how to sample', async () => {
  const out = join(temporaryFolder(), 'my run');
  await createRunFolder(newRun({ out }));
  const text = readFileSync(join(out, 'README.md'), 'utf8');
  assert.match(text, `gannet resume '${out}'`);
  assert.match(text, `gannet sample '${out}' --count`);
});

test('a folder that holds a run is refused, and nothing in it changes', async () => {
  const out = temporaryFolder();
  await createRunFolder(newRun({ out }));
  const error = await rejection(createRunFolder({ ...newRun({ out }), config: {} }), 'run_exists');
  assert.match(error.message, `${out} already holds a run`);
  assert.match(error.message, `gannet resume ${out}`);
  assert.equal((await readRunFolder(out)).config, { recipe: 'dcgan', batch: 32 });
});

test('files of other work are not overwritten', async () => {
  const out = temporaryFolder();
  writeFileSync(join(out, 'README.md'), 'mine');
  const error = await rejection(createRunFolder(newRun({ out })), 'run_exists');
  assert.match(error.message, `${out} holds README.md, which a run would overwrite`);
  assert.is(readFileSync(join(out, 'README.md'), 'utf8'), 'mine');
});

test('a folder with other names in it takes a run', async () => {
  const out = temporaryFolder();
  mkdirSync(join(out, 'notes'));
  assert.is((await createRunFolder(newRun({ out }))).folder, out);
});

test('an unwritable place is named with the remedy', async () => {
  const out = join(temporaryFolder(), 'run');
  const error = await rejection(
    withFailingDisk('EROFS', 0, () => createRunFolder(newRun({ out }))),
    'not_writable',
  );
  assert.match(error.message, `create run folder ${out} (EROFS)`);
  assert.match(error.message, 'choose a folder on another disk with --out');
});

test('a disk that is full when a run starts leaves no folder that passes for a run', async () => {
  const out = temporaryFolder();
  await rejection(
    withFailingDisk('ENOSPC', 100, () => createRunFolder(newRun({ out }))),
    'disk_full',
  );
  await rejection(readRunFolder(out), 'run_missing');
  assert.equal(readdirSync(out), [], 'another run can be started there');
});

test('a folder that is no run, is not there or is damaged is refused by name', async () => {
  const folder = temporaryFolder();
  const missing = await rejection(readRunFolder(folder), 'run_missing');
  assert.match(missing.message, `${folder} is no run folder: it has no config.json`);
  await rejection(readRunFolder(join(folder, 'nowhere')), 'run_missing');
  writeFileSync(join(folder, 'config.json'), '{"recipe": "dc');
  const damaged = await rejection(readRunFolder(folder), 'run_corrupt');
  assert.match(damaged.message, `${join(folder, 'config.json')} is damaged`);
});

test('the environment tells versions, machine, device, seed and command line', async () => {
  const found = await describeEnvironment({
    device: 'cpu: a processor',
    seed: 7,
    data: '/home/ada/photos',
    sittings: [sitting({ from: 0 })],
  });
  assert.match(found.gannet, /^\d+\.\d+\.\d+/);
  assert.is(found.node, process.version);
  assert.is(found.device, 'cpu: a processor');
  assert.is(found.seed, 7);
  assert.is(found.data, '/home/ada/photos');
  assert.equal(found.argv, process.argv);
  assert.ok(found.commit === null || /^[0-9a-f]{40}$/.test(found.commit));
  assert.ok(found.cores > 0 && found.memoryBytes > 0 && found.cpu !== '');
  assert.is(new Date(found.startedAt).toISOString(), found.startedAt);
});

test.run();
