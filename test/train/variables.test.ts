import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDevice } from '../../src/device/index.ts';
import { CheckpointError } from '../../src/errors.ts';
import * as nn from '../../src/nn/index.ts';
import { add, assign, reduceSum } from '../../src/ops/index.ts';
import { feed, read, trace } from '../../src/tensor/trace.ts';
import { loadVariables, saveVariables } from '../../src/train/index.ts';
import { temporaryFolder } from '../data/temporary.ts';

const weight = nn.parameter('weight', [2, 2], nn.zeros);
const seen = nn.statistic('seen', [], nn.zeros);

test('variables that were saved are what another device reads, the newest of two savings', async () => {
  const path = join(temporaryFolder(), 'own.safetensors');
  const device = openDevice('cpu');
  for (const last of [4, 5]) {
    await device.write(weight, Float32Array.of(1, 2, 3, last));
    await device.write(seen, Float32Array.of(last));
    await saveVariables(path, device, [weight, seen]);
  }
  device.close();
  const other = openDevice('cpu');
  await loadVariables(path, other, [seen, weight]);
  assert.equal([...(await other.read(weight)), ...(await other.read(seen))], [1, 2, 3, 5, 5]);
  other.close();
});

test('nothing is loaded where a variable is missing or of another shape, and each is told', async () => {
  const path = join(temporaryFolder(), 'own.safetensors');
  const device = openDevice('cpu');
  await device.write(seen, Float32Array.of(7));
  await saveVariables(path, device, [weight, seen]);
  await device.write(seen, Float32Array.of(8));
  const wide = nn.parameter('weight', [2, 3], nn.zeros);
  const bias = nn.parameter('bias', [2], nn.zeros);
  const other = openDevice('cpu');
  const error = (await loadVariables(path, other, [seen, wide, bias]).catch(
    (caught: unknown) => caught,
  )) as CheckpointError;
  assert.instance(error, CheckpointError);
  assert.is(error.code, 'variables_misfit');
  assert.match(error.message, /'weight' should be float32 \[2,3\], but the file holds float32 \[2,2\]\n/);
  assert.match(error.message, /'bias' should be float32 \[2\], but the file holds nothing of that name/);
  assert.equal([...(await other.read(seen))], [0]);
  device.close();
  other.close();
});

test('a file that is missing or no safetensors is refused by its path', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'text'), 'a text of some length');
  const device = openDevice('cpu');
  for (const [name, code] of [
    ['gone', 'storage_failed'],
    ['text', 'safetensors_header'],
  ] as const) {
    const error = (await loadVariables(join(folder, name), device, [seen]).catch(
      (caught: unknown) => caught,
    )) as CheckpointError;
    assert.is(error.code, code, String(error));
    assert.match(error.message, join(folder, name));
  }
  device.close();
});

test('outputs are typed by the names that their trace returned, as far as they are fetched', async () => {
  const device = openDevice('cpu');
  const counting = trace('counting', () => {
    assign(seen, add(read(seen), reduceSum(feed('x', [2]))));
    return { total: read(seen) };
  });
  const executable = await device.load(counting);
  const x = Float32Array.of(1, 2);
  const { outputs } = await device.run([
    { executable, feeds: { x } },
    { executable, feeds: { x }, fetch: true },
  ]);
  assert.is(outputs[1].total[0], 6);
  // @ts-expect-error the graph has no output of this name
  assert.is(outputs[1].totl, undefined);
  // @ts-expect-error there are two calls
  assert.is(outputs[2], undefined);
  device.close();
});

test.run();
