import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SafetensorsFile } from '../../src/safetensors/safetensors.ts';
import { resume } from '../../src/train/index.ts';
import { idxFolder } from '../data/packed_files.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { noiseRun } from '../explore/runs.ts';
import { checkpointBytes, eventsOf, tinyData } from '../train/tiny.ts';
import { gannet, jsonLines } from './command.ts';

const data = temporaryFolder(idxFolder(60, 16, 16));
const learning = (out: string, ...more: string[]): string[] => [
  ...['extractor', 'train', data, '--read', '7,3', '--out', out, '--size', '16', '--epochs', '2', '--batch', '8'],
  ...['--device', 'cpu', '--threads', '1', ...more],
];
const generating = (...more: string[]): string[] => [
  ...[
    'train',
    'extractor-gan',
    '--data',
    tinyData(),
    '--size',
    '16',
    '--channels',
    '1',
    '--batch',
    '4',
    '--steps',
    '4',
  ],
  ...[
    '--device',
    'cpu',
    '--threads',
    '1',
    '--set',
    'model.width=2',
    '--set',
    'latent.size=4',
    '--set',
    'sampleCount=4',
  ],
  ...['--set', 'checkpointEvery=2', '--set', 'health.collapseBelow=0', ...more],
];

let extractors: string;
test.before(async () => {
  extractors = join(temporaryFolder(), 'extractors');
  const { exitCode, stdout, stderr } = await gannet(learning(extractors));
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, /epoch-01\.safetensors: 7 \d+\.\d\d %, 3 \d+\.\d\d %/);
  assert.match(stdout, /extractor-.*: tells whether an image has a label for 7 .* of 10 images held out by seed 1/);
  assert.match(stdout, `--set extractor.labels='7,3' --set extractor.file=${join(extractors, 'epoch-02.safetensors')}`);
});

test('an extractor is kept after every epoch', () => {
  assert.equal(readdirSync(extractors).sort(), [
    'epoch-01.json',
    'epoch-01.safetensors',
    'epoch-02.json',
    'epoch-02.safetensors',
  ]);
});

test('a folder in which an epoch would take the place of something else is refused before the training', async () => {
  const folder = temporaryFolder({ 'epoch-02.json': '{}' });
  const { exitCode, stdout } = await gannet(learning(folder, '--json'));
  const [{ code }] = jsonLines(stdout) as [{ code: string }];
  assert.equal([exitCode, code, readdirSync(folder)], [2, 'network_exists', ['epoch-02.json']]);
});

test('a generator is trained by it: its weights are those of the file from the first step to the last, and need the file no more', async () => {
  const out = join(temporaryFolder(), 'run');
  const file = join(extractors, 'epoch-02.safetensors');
  const told = [
    '--set',
    'extractor.measures=brightness',
    '--set',
    'extractor.labels=7',
    '--set',
    `extractor.file=${file}`,
  ];
  const { exitCode, stderr } = await gannet(generating(...told, '--out', out));
  assert.is(exitCode, 0, stderr);
  const stored = await SafetensorsFile.open(file);
  const kept = await SafetensorsFile.open(join(out, 'checkpoints', 'step-000004', 'state.safetensors'));
  assert.equal(await kept.read('extractor.layer1.weight'), await stored.read('extractor.layer1.weight'));
  const last = (await stored.read('extractor.layer3.weight')).filter((_, i) => i % 2 === 0);
  assert.equal(await kept.read('extractor.layer3.weight'), last);
  assert.is(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).extractor.file, file);

  // Taken up again in the middle, without the file.
  const whole = checkpointBytes(out, 4);
  const config = join(out, 'config.json');
  assert.ok(existsSync(config));
  await eventsOf(resume(out, { step: 2 }));
  assert.equal(checkpointBytes(out, 4), whole);
});

test('a sweep shows what the extractor reads, and says when that does not follow', async () => {
  const out = join(temporaryFolder(), 'run');
  await gannet(generating('--set', 'extractor.measures=brightness,sharpness', '--out', out));
  const picture = join(temporaryFolder(), 'sweep.png');
  const sweep = ['explore', out, 'sweep', '--rows', '2', '--columns', '3', '--to', '5', '--out', picture];
  const { exitCode, stdout, stderr } = await gannet([...sweep, '--variable', 'sharpness', '--json']);
  assert.is(exitCode, 0, stderr);
  const [made] = jsonLines(stdout) as [Record<string, unknown>];
  const { variable, values, readings, curve, follows, correlation } = made as {
    variable: string;
    values: number[];
    readings: number[][];
    curve: string;
    follows: boolean;
    correlation: number;
  };
  assert.equal([variable, values], ['sharpness', [0, 2.5, 5]]);
  assert.ok(readings.length === 2 && readings.flat().every((reading) => reading >= 0 && reading <= 1));
  assert.is(follows, correlation > 0.9);
  for (const path of [picture, curve]) assert.is(readFileSync(path).subarray(1, 4).toString(), 'PNG');
  const { rows } = JSON.parse(readFileSync(picture.replace('.png', '.json'), 'utf8'));
  assert.equal(rows[0].latents[2].length, 6);
  assert.equal(
    rows[0].captions,
    (readings[0] as number[]).map((reading) => reading.toFixed(2)),
  );
  const plain = await gannet(sweep);
  assert.match(plain.stdout, /the reading of brightness (follows|does not follow its variable): 0\.\d{3} to 0\.\d{3}/);

  const again = await gannet([
    'explore',
    out,
    '--latents',
    picture.replace('.png', '.json'),
    '--out',
    `${picture}-2.png`,
  ]);
  assert.is(again.exitCode, 0, again.stderr);
});

test('what cannot be read, told or swept is refused with its code', async () => {
  const refused = async (exitCode: number, code: string, argv: string[]) => {
    const outcome = await gannet([...argv, '--json']);
    const [{ code: found }] = jsonLines(outcome.stdout) as [{ code: string }];
    assert.equal([outcome.exitCode, found], [exitCode, code], argv.join(' '));
  };
  const out = join(temporaryFolder(), 'none');
  const file = `extractor.file=${join(extractors, 'epoch-01.safetensors')}`;
  await refused(4, 'data_unlabelled', ['extractor', 'train', 'docs/gallery', '--read', 'x', '--out', out]);
  await refused(4, 'label_unknown', learning(out, '--read', 'seven'));
  await refused(4, 'data_unlabelled', [
    ...['train', 'extractor-gan', '--data', 'docs/gallery', '--size', '16', '--batch', '2', '--out', out],
    ...['--set', 'extractor.labels=7'],
  ]);
  await refused(4, 'label_unknown', generating('--set', 'extractor.labels=seven', '--out', out));
  await refused(2, 'extractor_label', generating('--set', 'extractor.labels=8', '--set', file, '--out', out));
  await refused(
    2,
    'extractor_size',
    generating('--set', 'extractor.labels=7', '--set', file, '--size', '32', '--out', out),
  );
  await refused(
    1,
    'extractor_missing',
    generating('--set', 'extractor.labels=7', '--set', 'extractor.file=x.safetensors'),
  );
  await refused(2, 'extractor_idle', generating('--set', 'extractor.measures=', '--out', out));
  await refused(2, 'unread_key', ['train', 'dcgan', '--set', 'extractor.measures=brightness', '--out', out]);
  await refused(2, 'unread_key', generating('--set', 'extractor.smoothing=0.2', '--out', out));
  await refused(2, 'run_without_extractor', ['explore', await noiseRun(), 'sweep']);
  assert.not(existsSync(out));
});

test.run();
