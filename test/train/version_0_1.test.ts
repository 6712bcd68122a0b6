import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SafetensorsFile, type TensorData } from '../../src/safetensors/safetensors.ts';
import { openSampler, readMonitors, resume } from '../../src/train/index.ts';
import { largestError } from '../binding/support.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { eventsOf, only } from './tiny.ts';

// Every processor has this instruction set, with which version 0.1 trained too. It is settled when the first device opens.
process.env.GANNET_CPU_ISA = 'baseline';
delete process.env.ONEDNN_MAX_CPU_ISA;

const FIXTURES = fileURLToPath(new URL('../fixtures/version_0_1', import.meta.url));

/** A copy of a run of version 0.1, which has trained three of six steps. */
function runOf(game: string): string {
  const folder = join(temporaryFolder(), 'run');
  cpSync(join(FIXTURES, game), folder, { recursive: true });
  return folder;
}

/** The files of tensors of a checkpoint. */
const FILES = ['generator', 'discriminator', 'average', 'optimizer', 'state'];

async function tensorsIn(folder: string): Promise<Record<string, TensorData>> {
  const tensors: Record<string, TensorData> = {};
  for (const name of FILES) {
    const file = await SafetensorsFile.open(join(folder, `${name}.safetensors`));
    for (const tensor of file.tensors.keys()) tensors[`${name}: ${tensor}`] = await file.read(tensor);
  }
  return tensors;
}

for (const game of ['adversarial', 'equilibrium']) {
  test(`a run of version 0.1, game ${game}, goes on to what version 0.1 reached, but for rounding`, async () => {
    const run = runOf(game);
    const events = await eventsOf(resume(run, { data: join(FIXTURES, 'data') }));
    assert.is(only(events, 'end')[0]?.step, 6);
    const actual = await tensorsIn(join(run, 'checkpoints', 'step-000006'));
    const expected = await tensorsIn(join(run, 'expected'));
    assert.equal(Object.keys(actual), Object.keys(expected));
    for (const [name, wanted] of Object.entries(expected)) {
      const error = largestError(actual[name] as TensorData, wanted);
      assert.ok(name === 'state: random' ? error === 0 : error < 1e-5, `${name} is off by ${error}`);
    }
  });

  test(`a run of version 0.1, game ${game}, is sampled, and its metrics have monitors`, async () => {
    const run = runOf(game);
    const session = await openSampler(run);
    const images = await session.sample(await session.drawLatents(3, 1));
    session.close();
    assert.equal(images.shape, [3, 16, 16, 1]);
    assert.ok(images.data.every((value) => Math.abs(value) <= 2));
    assert.is((await readMonitors(run)).discriminatorLoss?.meaning, 'loss');
  });
}

test.run();
