import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { conditionalRun, descriptorRun, noiseRun, STATISTICS } from '../explore/runs.ts';
import { gannet, jsonLines } from './command.ts';

const folder = temporaryFolder({ 'traits.json': '{"smile": {"0": 1.5, "3": -2}, "tan": {"1": 1}}' });
const traits = join(folder, 'traits.json');
const out = (name: string) => join(folder, name);
let noise = '';
let descriptors = '';
test.before(async () => {
  noise = await noiseRun();
  descriptors = await descriptorRun(STATISTICS);
});

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const isPng = (path: string) => readFileSync(path).subarray(1, 4).toString() === 'PNG';

test('every picture, with its latents beside it', async () => {
  const pictures: [string, string, string[], number[]][] = [
    [noise, 'interpolate', ['--rows', '2', '--columns', '3', '--arc', 'linear'], [2, 3]],
    [noise, 'eigen', ['--range', '2'], [4, 7]],
    [noise, 'arithmetic', ['--a', '0,1', '--b', '2', '--c', '3'], [4, 3]],
    [descriptors, 'interpolate', [], [6, 8]],
    [descriptors, 'mean', [], [1, 1]],
    [descriptors, 'eigen', ['--directions', '3,0'], [2, 7]],
    [descriptors, 'montage', ['--traits', traits, '--rows', '2'], [2, 4]],
    [descriptors, 'montage', ['--directions', '0,1', '--rows', '1'], [1, 4]],
    [descriptors, 'sequence', ['--traits', traits, '--trait', 'smile+tan', '--rows', '3', '--columns', '2'], [3, 2]],
  ];
  for (const [i, [run, picture, options, size]] of pictures.entries()) {
    const path = out(`${picture}-${i}.png`);
    const { exitCode, stderr, stdout } = await gannet(['explore', run, picture, '--out', path, ...options]);
    assert.is(exitCode, 0, stderr);
    assert.match(stdout, path);
    assert.ok(isPng(path));
    const { rows, command, recipe } = read(path.replace('.png', '.json'));
    const widest = Math.max(...rows.map(({ latents }: { latents: [] }) => latents.length));
    assert.equal([rows.length, widest], size, picture);
    assert.is(recipe, run === noise ? 'dcgan-digits' : 'began');
    assert.match(command, `gannet explore ${run} ${picture} `);
  }
});

test('latents make the same picture again, and keep what made them', async () => {
  await gannet(['explore', noise, 'eigen', '--seed', '5', '--out', out('first.png')]);
  const again = await gannet(['explore', noise, '--latents', out('first.json'), '--out', out('second.png'), '--json']);
  assert.equal(jsonLines(again.stdout), [
    { type: 'explore', picture: out('second.png'), latents: out('second.json'), step: 2 },
  ]);
  assert.equal(readFileSync(out('second.png')), readFileSync(out('first.png')));
  assert.equal(readFileSync(out('second.json')), readFileSync(out('first.json')));
});

test('a group of an arithmetic may be latents of another picture', async () => {
  await gannet(['explore', noise, 'interpolate', '--rows', '1', '--columns', '3', '--out', out('path.png')]);
  const path = out('path.json');
  await gannet([
    'explore',
    noise,
    'arithmetic',
    '--a',
    path,
    '--b',
    `${path}#0`,
    '--c',
    `${path}#0,1`,
    '--out',
    out('sum.png'),
  ]);
  assert.equal(
    read(out('sum.json')).rows.map(({ latents }: { latents: [] }) => latents.length),
    [4, 2, 3, 1],
  );
});

test('without --out the picture lies in the run', async () => {
  const { exitCode } = await gannet(['explore', descriptors, 'mean', '--seed', '8']);
  assert.is(exitCode, 0);
  assert.ok(isPng(join(descriptors, 'explore', 'mean-seed-8.png')));
});

test('bad input: what is wrong, and the exit code', async () => {
  writeFileSync(out('bad.json'), '{"smile": {"9": 1}}');
  writeFileSync(out('broken.json'), '{');
  const conditional = await conditionalRun();
  const cases: [string[], number, RegExp][] = [
    [[noise, 'mean'], 2, /only a BEGAN keeps/],
    [[noise, 'montage', '--directions', '0'], 2, /only a BEGAN keeps/],
    [[noise, 'montage'], 2, /montage needs .* only a BEGAN keeps/],
    [[noise, 'sequence'], 2, /sequence needs .* only a BEGAN keeps/],
    [[conditional, 'montage'], 2, /montage needs .* only a BEGAN keeps/],
    [[conditional, 'sweep'], 2, /sweep goes along a representative variable/],
    [[descriptors, 'eigen', '--directions', '1,9'], 2, /direction 9: this run has directions 0 to 3/],
    [[descriptors, 'montage', '--traits', out('bad.json')], 2, /bad\.json.*'smile'.*0 to 3/],
    [[descriptors, 'montage', '--traits', out('broken.json')], 2, /is not JSON/],
    [[descriptors, 'montage', '--traits', out('none.json')], 2, /cannot be read/],
    [[descriptors, 'montage', '--traits', traits, '--trait', 'smiel'], 2, /Did you mean 'smile'/],
    [[descriptors, 'montage'], 2, /--traits FILE\.json/],
    [[descriptors, 'sequence', '--traits', traits], 2, /--trait among smile, tan/],
    [[noise, 'arithmetic', '--a', '0', '--b', '1'], 2, /--c is missing/],
    [[noise], 2, /expected either a picture/],
    [[noise, 'eigen', '--latents', traits], 2, /expected either a picture/],
    [[noise, '--latents', traits], 2, /expected latents/],
    [[noise, 'eigen', '--out', 'picture.jpg'], 2, /\.png/],
    [[noise, 'eigen', '--directions', 'a'], 2, /whole numbers/],
    [[noise, 'eigen', '--range', '-1'], 2, /above 0/],
    [[noise, 'faces'], 2, /interpolate, mean, eigen/],
  ];
  for (const [argv, code, message] of cases) {
    const { exitCode, stderr } = await gannet(['explore', ...argv]);
    assert.is(exitCode, code, `${argv.join(' ')}: ${stderr}`);
    assert.match(stderr.replaceAll('\n', ' '), message);
  }
  assert.not(existsSync('picture.jpg'));
});

test('data: what a set holds, and a preview with augmentations', async () => {
  const emoji = ['data', 'emoji', '--size', '32', '--out', out('preview.png')];
  const { exitCode, stdout } = await gannet([...emoji, '--count', '2', '--variants', '3', '--flip', '--hue', '0.2']);
  assert.is(exitCode, 0);
  assert.match(stdout, /^emoji: 3786 images of 32x32, colour\nclasses: Smileys & Emotion \(169\), /);
  assert.ok(isPng(out('preview.png')));
  const [json] = jsonLines((await gannet([...emoji, '--grey', '--json'])).stdout);
  const { count, size, channels, classes } = json as {
    count: number;
    size: number[];
    channels: number;
    classes: string[];
  };
  assert.equal([count, size, channels, classes.length], [3786, [32, 32], 1, 10]);
});

test('data: bad input', async () => {
  const grey = await gannet(['data', 'emoji', '--grey', '--hue', '0.2', '--out', out('x.png')]);
  assert.is(grey.exitCode, 4);
  assert.match(grey.stderr, /augment\.hue/);
  assert.is((await gannet(['data', 'emoji', '--value', '2'])).exitCode, 2);
  assert.is((await gannet(['data', 'emojis'])).exitCode, 4);
});

test.run();
