import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { twoModules } from '../models/recipe_file.ts';
import { checkpointBytes, tinyData } from '../train/tiny.ts';
import { gannet, jsonLines } from './command.ts';

/** Writes a recipe's modules and answers its file. */
function write(folder: string, files = twoModules()): string {
  mkdirSync(join(folder, 'layers'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return join(folder, 'mine.ts');
}

const training = (file: string, out: string, steps = 4): string[] => [
  ...['train', file, '--out', out, '--data', tinyData(), '--batch', '8', '--steps', String(steps), '--device', 'cpu'],
  ...['--threads', '1', '--set', 'sampleCount=4', '--set', 'health.collapseBelow=0', '--set', 'checkpointEvery=2'],
];

async function succeeds(argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await gannet(argv);
  assert.is(exitCode, 0, stderr);
  return stdout + stderr;
}

async function fails(argv: readonly string[], exitCode: number): Promise<string> {
  const outcome = await gannet(argv);
  assert.is(outcome.exitCode, exitCode, outcome.stderr);
  return outcome.stderr;
}

test('its training step is compared with another implementation, and timed beside tfjs', async () => {
  const file = write(temporaryFolder());
  const compared = await succeeds(['parity', '--device', 'cpu', '--against', 'oracle', '--recipe', file, 'wgan-clip']);
  assert.match(compared, /^step of mine +float32 +1 /m);
  assert.match(compared, /^step of wgan-clip +float32 +1 /m);
  assert.match(compared, /^2 passed, 0 failed, 0 skipped\.$/m);
  const timed = await succeeds(['bench', '--recipe', file, '--small', '--rounds', '3', '--peers', 'tfjs']);
  assert.match(timed, /\| mine step \| 16x16, batch 2 \|/);
  assert.match(timed, /tfjs \d/);
});

test('parity and bench refuse recipes that there are not, and several processes time none of these', async () => {
  const file = write(temporaryFolder());
  assert.match(await fails(['parity', '--recipe', 'dcgam'], 2), /there is no recipe 'dcgam'\. Did you mean 'dcgan'\?/);
  assert.match(await fails(['parity', '--recipe', `${file}.ts`], 2), /mine\.ts\.ts/);
  assert.match(await fails(['bench', '--ranks', '2', '--recipe', file], 2), /in one recipe of gannet/);
});

test('a file takes the place of a recipe: it is planned, rehearsed, trained', async () => {
  const folder = temporaryFolder();
  const file = write(folder);
  assert.match(await succeeds(['plan', file]), /layer1 +linear, relu +8 +40$/m);
  const run = join(folder, 'run');
  assert.match(await succeeds([...training(file, run), '--dry-run']), /nothing was trained/);
  await succeeds(training(file, run));
  assert.is(JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).recipe, 'mine');
});

test('the keys of its own are part of the schema that editors are given', async () => {
  const folder = temporaryFolder();
  const text = twoModules()['mine.ts'] as string;
  const own = text
    .replace('import { defineRecipe }', 'import { defineRecipe, z }')
    .replace(
      'networks:',
      "schema: z.object({ units: z.number().default(3).describe('of the hidden layer') }), networks:",
    );
  const schema = JSON.parse(await succeeds(['schema', write(folder, { ...twoModules(), 'mine.ts': own })]));
  assert.equal(schema.properties.options.properties.units, {
    default: 3,
    description: 'of the hidden layer',
    type: 'number',
  });
  assert.is(JSON.parse(await succeeds(['schema'])).properties.options, undefined);
});

test('a JSON file of settings names a file beside it', async () => {
  const folder = temporaryFolder();
  write(folder);
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({ recipe: './mine.ts', batch: 3 }));
  const [{ config }] = jsonLines(await succeeds(['plan', join(folder, 'settings.json'), '--json'])) as [
    { config: { batch: number } },
  ];
  assert.is(config.batch, 3);
});

test('a run outlives its file: every command finds the recipe in the run', async () => {
  const folder = temporaryFolder();
  const file = write(folder);
  const run = join(folder, 'run');
  await succeeds(training(file, run));
  rmSync(file);
  await succeeds(['sample', run, '--count', '4', '--out', join(folder, 'samples.png')]);
  await succeeds(['explore', run, 'interpolate', '--rows', '1', '--columns', '3']);
  await succeeds(['evaluate', run, '--count', '20']);
  await succeeds(['curves', run]);
  assert.match(
    await succeeds(['resume', run, '--steps', '6']),
    /mine\.ts has moved since the run began, which goes on with the copy/,
  );
});

test('a run goes on with the copy after its file has changed, to the bits of an unbroken run', async () => {
  const folder = temporaryFolder();
  const file = write(folder);
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
  await succeeds(training(file, whole, 6));
  await succeeds(training(file, broken, 4));
  write(folder, twoModules('mine', 9));
  assert.match(await succeeds(['resume', broken, '--steps', '6']), /mine\.ts or a module beside it has changed since/);
  assert.equal(checkpointBytes(broken, 6), checkpointBytes(whole, 6));
});

test('--recipe says where the recipe is now; the run keeps that one then', async () => {
  const folder = temporaryFolder();
  const run = join(folder, 'run');
  await succeeds(training(write(folder), run));
  const changed = write(temporaryFolder(), { ...twoModules(), 'mine.ts': `${twoModules()['mine.ts']}// a remark\n` });
  const told = await succeeds(['resume', run, '--steps', '6', '--recipe', changed]);
  assert.match(told, /from step 5 on: recipe from "\w+" to "\w+"/);
  assert.match(readFileSync(join(run, 'recipe', 'mine.ts'), 'utf8'), /a remark/);
  await succeeds(['sample', run, '--count', '4']);
});

test('a recipe whose networks are others than those of the run is refused with the first variable that differs', async () => {
  const folder = temporaryFolder();
  const run = join(folder, 'run');
  await succeeds(training(write(folder), run));
  const wider = write(temporaryFolder(), twoModules('mine', 9));
  assert.match(
    await fails(['sample', run, '--recipe', wider], 1),
    /does not fit recipe 'mine' as .*mine\.ts has it: 'generator\.layer1\.weight' should be float32 \[4,9\], but the file holds float32 \[4,8\]/,
  );
  const other = write(temporaryFolder(), twoModules('other'));
  assert.match(await fails(['sample', run, '--recipe', other], 2), /is a run of recipe 'mine', but .* recipe 'other'/);
});

test('a copy that someone has changed is refused until it is named', async () => {
  const folder = temporaryFolder();
  const run = join(folder, 'run');
  await succeeds(training(write(folder), run));
  const copy = join(run, 'recipe', 'mine.ts');
  writeFileSync(copy, `${readFileSync(copy, 'utf8')}// changed\n`);
  assert.match(await fails(['sample', run, '--count', '4'], 2), /are not those that the run was trained by.*--recipe /);
  await succeeds(['sample', run, '--count', '4', '--recipe', copy]);
});

test('a run that keeps no copy of an own recipe asks for its file', async () => {
  const folder = temporaryFolder();
  const file = write(folder);
  const run = join(folder, 'run');
  await succeeds(training(file, run));
  rmSync(join(run, 'recipe.json'));
  assert.match(
    await fails(['sample', run, '--count', '4'], 2),
    /recipe 'mine', which gannet does not have .*--recipe FILE/,
  );
  await succeeds(['sample', run, '--count', '4', '--recipe', file]);
});

test.run();
