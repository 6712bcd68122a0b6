import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { recipes } from '../../src/models/index.ts';
import { listCheckpoints } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { checkpointBytes, tinyData } from '../train/tiny.ts';
import { gannet } from './command.ts';

/** Sides that any recipe has one of. */
const SIDES = [16, 32];

/** What trains a recipe at its smallest, to step 4 with a checkpoint at 2. */
function training(name: string, out: string): string[] {
  const { sizes, keys } = recipes.find((recipe) => recipe.name === name) as (typeof recipes)[number];
  const side = SIDES.find((length) => sizes.accepts(length, length));
  const narrow = keys.some(({ key }) => key === 'model.width') ? ['--set', 'model.width=2'] : [];
  return [
    ...['train', name, '--out', out, '--data', tinyData(), '--channels', '1', '--size', `${side}`, '--batch', '2'],
    ...['--steps', '4', '--device', 'cpu', '--threads', '1', ...narrow],
    ...['--set', 'checkpointEvery=2', '--set', 'logEvery=1', '--set', 'sampleEvery=2', '--set', 'sampleCount=10'],
    ...['--set', 'health.collapseBelow=0'],
  ];
}

async function succeed(argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await gannet(argv);
  assert.is(exitCode, 0, `gannet ${argv.join(' ')}\n${stderr}`);
}

for (const { name } of recipes) {
  test(`${name} is trained, taken up again, sampled and explored`, async () => {
    const run = join(temporaryFolder(), 'run');
    await succeed(training(name, run));
    const whole = checkpointBytes(run, 4);
    assert.ok(Object.keys(whole).length > 0);

    await succeed(['resume', run, '--step', '2']);
    assert.equal(
      (await listCheckpoints(run)).map(({ step }) => step),
      [2, 4],
    );
    assert.equal(checkpointBytes(run, 4), whole);

    const folder = temporaryFolder();
    const { conditionedOn } = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));
    const asked = conditionedOn?.kind === 'classes' ? ['--class', '7'] : [];
    const [samples, way] = [join(folder, 'samples.png'), join(folder, 'interpolated.png')];
    await succeed(['sample', run, '--count', '10', '--out', samples]);
    await succeed(['explore', run, 'interpolate', '--rows', '2', '--columns', '3', '--out', way, ...asked]);
    for (const picture of [samples, way]) assert.is(readFileSync(picture).toString('latin1', 1, 4), 'PNG');
  });
}

test.run();
