import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError } from '../../src/errors.ts';
import { parseStudy, type StudyFile } from '../../src/study/file.ts';
import { study } from '../../src/study/index.ts';
import { rowsOf } from '../../src/study/rows.ts';
import { StudyState } from '../../src/study/state.ts';
import { resume } from '../../src/train/index.ts';
import { gannet, spawnGannet } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { twoModules } from '../models/recipe_file.ts';
import { checkpointBytes } from '../train/tiny.ts';
import { tinyStudy } from './tiny.ts';

const test = suite('a study that goes on');

const one = (keys: object = {}): StudyFile =>
  tinyStudy({ vary: { seed: [1] }, base: { ...tinyStudy().base, ...keys } });

/** What became of the rows, such as `seed-1 new`. */
async function statesOf(file: string | StudyFile, out: string): Promise<string[]> {
  const states: string[] = [];
  for await (const event of study(file, { out })) if (event.type === 'row') states.push(`${event.row} ${event.state}`);
  return states;
}

test('an unfinished row goes on with the threads that the file names now', async () => {
  const out = temporaryFolder({});
  for await (const event of study(one(), { out }))
    if (event.type === 'training' && event.event.type === 'checkpoint') break;
  assert.equal(await statesOf(one({ threads: 2, device: 'simt' }), out), ['seed-1 resumed']);
  const { sittings } = JSON.parse(readFileSync(join(out, 'runs', 'seed-1', 'environment.json'), 'utf8'));
  assert.equal(
    sittings.map(({ device }: { device: string }) => device.slice(0, 4)),
    ['cpu:', 'simt'],
  );
});

test('after a kill the ended row is kept, and the other reaches the bits of an unbroken one', async () => {
  const folder = temporaryFolder({});
  const at = (name: string) => join(folder, name);
  writeFileSync(at('study.json'), JSON.stringify(tinyStudy({ base: { ...tinyStudy().base, steps: 40 } })));
  const child = spawnGannet(['study', at('study.json'), '--out', at('killed'), '--json']);
  createInterface(child.stdout).on('line', (line) => {
    const { row, event } = JSON.parse(line);
    if (row === 'kernel-4' && event?.type === 'step' && event.step >= 9) child.kill('SIGKILL');
  });
  child.stderr.resume();
  const [, signal] = await once(child, 'exit');
  assert.is(signal, 'SIGKILL');
  assert.equal(await statesOf(at('study.json'), at('killed')), ['kernel-3 kept', 'kernel-4 resumed']);
  await statesOf(at('study.json'), at('whole'));
  const row = (study: string) => join(at(study), 'runs', 'kernel-4');
  assert.equal(checkpointBytes(row('killed'), 40), checkpointBytes(row('whole'), 40));
});

test('a row whose run was removed is trained anew', async () => {
  const out = temporaryFolder({});
  assert.equal(await statesOf(one(), out), ['seed-1 new']);
  rmSync(join(out, 'runs', 'seed-1'), { recursive: true });
  assert.equal(await statesOf(one(), out), ['seed-1 new']);
});

test('a row whose run was resumed by hand with other settings is refused', async () => {
  const out = temporaryFolder({});
  const run = join(out, 'runs', 'seed-1');
  await statesOf(one(), out);
  for await (const _ of resume(run, { threads: 2 }));
  assert.equal(await statesOf(one(), out), ['seed-1 kept'], 'where it computes may change');
  for await (const _ of resume(run, { steps: 8, changes: { generator: { learningRate: 1e-5 } } }));
  try {
    await statesOf(one(), out);
    assert.unreachable('a changed run was taken up');
  } catch (error) {
    assert.is((error as ConfigError).code, 'study_changed');
    assert.match(
      (error as ConfigError).message,
      `${run}: steps from 6 to 8, generator.learningRate from 0.0002 to 0.00001`,
    );
  }
  rmSync(run, { recursive: true });
  assert.equal(await statesOf(one(), out), ['seed-1 new']);
});

test('a run of epochs and replayed images, made before a key came into being, is still that of its row', async () => {
  const out = temporaryFolder({});
  const file = one({ epochs: 1, replay: { share: 0.5 } });
  await statesOf(file, out);
  const path = join(out, 'runs', 'seed-1', 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  delete config.model.dropout;
  writeFileSync(path, JSON.stringify(config));
  assert.equal(await statesOf(file, out), ['seed-1 kept']);
});

test('the exit code tells of a row that diverged at an earlier start', async () => {
  const folder = temporaryFolder({});
  const [file, out] = [join(folder, 'study.json'), join(folder, 'out')];
  const wild = { name: 'sgd', learningRate: 1e30 };
  writeFileSync(file, JSON.stringify(one({ generator: wild, discriminator: wild })));
  assert.is((await gannet(['study', file, '--out', out])).exitCode, 5);
  assert.is((await gannet(['study', file, '--out', out])).exitCode, 5);
});

test('a row of which the file of its recipe has changed is refused', async () => {
  const folder = temporaryFolder({});
  const files = Object.entries(twoModules());
  for (const [name, text] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const planned = () =>
    rowsOf(parseStudy({ title: 'Mine', base: { recipe: 'mine.ts' }, vary: { seed: [1] } }, 'study.json', folder));
  const out = join(folder, 'out');
  mkdirSync(out);
  const [row] = await planned();
  await (await StudyState.open(out, [row as never], undefined)).begin(row as never);
  await StudyState.open(out, await planned(), undefined);
  writeFileSync(join(folder, 'mine.ts'), `${twoModules()['mine.ts']}\n`);
  try {
    await StudyState.open(out, await planned(), undefined);
    assert.unreachable('a changed recipe was taken up');
  } catch (error) {
    assert.instance(error, ConfigError);
    assert.match((error as Error).message, 'seed-1: the file of its recipe');
  }
});

test('no row lies outside the folder of the runs, and none in that of another', async () => {
  const namesOf = async (changes: object) => (await rowsOf(parseStudy(tinyStudy(changes)))).map(({ name }) => name);
  assert.equal(await namesOf({ vary: { data: ['..', '-x'] } }), ['_', '_x']);
  try {
    await namesOf({
      rows: [
        { name: 'a', seed: 1 },
        { name: 'A', seed: 2 },
      ],
      vary: undefined,
    });
    assert.unreachable('two rows have one folder');
  } catch (error) {
    assert.is((error as ConfigError).code, 'study_duplicate');
  }
});

test.run();
