import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { withFailingDisk } from '../train/run/faults.ts';
import { gannet, type Outcome, tinyTraining } from './command.ts';

let made: string | undefined;

async function aRun(): Promise<string> {
  if (made === undefined) {
    made = join(temporaryFolder(), 'run');
    assert.is((await gannet(tinyTraining('--out', made))).exitCode, 0);
  }
  return made;
}

function says({ exitCode, stderr }: Outcome, code: number, ...messages: RegExp[]): void {
  assert.is(exitCode, code, stderr);
  for (const message of messages) assert.match(stderr, message);
  assert.not.match(stderr, /not foreseen/);
}

test('more images, or larger ones, than can be written are refused before any is drawn', async () => {
  const run = await aRun();
  says(await gannet(['sample', run, '--count', '100000000000']), 2, /the picture would have \d+ x \d+ pixels/);
  says(
    await gannet(['sample', run, '--count', '100000000000', '--separate']),
    2,
    /--count: 100000000000 images were asked for, and at most \d+ are drawn at once here/,
  );
  says(await gannet(['sample', run, '--scale', '100000']), 2, /take fewer images or a smaller --scale/);
  says(await gannet(['explore', run, 'interpolate', '--scale', '100000']), 2, /the picture would have/);
  says(
    await gannet(['explore', run, 'interpolate', '--rows', '1000000', '--columns', '1000000']),
    2,
    /the picture would/,
  );
});

test('a name of a picture of another kind is no folder to make', async () => {
  const run = await aRun();
  const out = join(temporaryFolder(), 'pics.jpg');
  says(
    await gannet(['sample', run, '--out', out]),
    2,
    /--out expects the name of a \.png file or a folder, but received .*pics\.jpg/,
  );
  assert.not(existsSync(out));
  mkdirSync(out);
  assert.is((await gannet(['sample', run, '--count', '2', '--out', out])).exitCode, 0, 'a folder that is there is one');
  says(await gannet(['curves', run, '--out', 'curves.pdf']), 2, /\.png or \.svg file, but received curves\.pdf/);
});

test('every choice of a key is named', async () => {
  says(await gannet(tinyTraining('--set', 'channels=5')), 2, /channels: expected 1 or 3 or 4, but received 5\./);
  says(
    await gannet(tinyTraining('--set', 'weights=big')),
    2,
    /weights: expected number or "glorot", but received "big"/,
  );
});

test('names that every object has are no keys', async () => {
  const file = join(temporaryFolder({ 'a.json': '{"recipe": "dcgan-digits", "__proto__": {"x": 1}}' }), 'a.json');
  says(await gannet(['plan', file]), 2, /'__proto__' is no key of the configuration/);
  for (const key of ['__proto__.x', 'constructor.x', 'toString'])
    says(await gannet(tinyTraining('--set', `${key}=1`)), 2, new RegExp(`'${key.split('.')[0]}' is no key`));
  says(await gannet(tinyTraining('--set', 'model.__proto__=1')), 2, /'model\.__proto__' is no key/);
});

test('a full or read-only disk is told with a remedy that the command has', async () => {
  const run = await aRun();
  const resuming = await withFailingDisk('ENOSPC', 20_000, () => gannet(['resume', run, '--steps', '60']));
  says(resuming, 1, /The disk is full: free some space, or move the run's folder to another disk\./);
  assert.not.match(resuming.stderr, /--out/);
  for (const command of [['sample'], ['curves'], ['explore', 'interpolate']]) {
    const [name, ...more] = command as [string, ...string[]];
    const outcome = await withFailingDisk('EROFS', 1, () => gannet([name, run, ...more]));
    says(
      outcome,
      1,
      /\(EROFS\)\. The file system is read-only: remount it writable, or choose another place with --out\./,
    );
    assert.not.match(outcome.stderr, /free some space/);
  }
  const training = await withFailingDisk('ENOSPC', 100, () =>
    gannet(tinyTraining('--out', join(temporaryFolder(), 'a'))),
  );
  says(training, 1, /choose a folder on another disk with --out/);
});

test('a settings file that is a folder is named', async () => {
  const folder = join(temporaryFolder(), 'mine.json');
  mkdirSync(folder);
  says(await gannet(['train', folder]), 2, /mine\.json is a folder, where a regular file is expected/);
  const traits = temporaryFolder();
  writeFileSync(join(traits, 'bad.json'), 'null');
  says(
    await gannet(['explore', await aRun(), '--latents', join(traits, 'bad.json')]),
    2,
    /expected latents as gannet explore writes them/,
  );
});

test.run();
