import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runOnce, Sketch } from '../binding/support.ts';
import { closeDevices, expectAgreement, kernels } from './support.ts';

const state = { shape: [2], data: new Int32Array([0xfedcba98 | 0, 0xc0000001 | 0]) };

test('randomUniform draws the bits that the CPU draws', async () => {
  for (const count of [1, 4, 1001, 5000]) {
    const attributes = { shape: [count], stream: 0x89abcdef, low: -0.3, high: 1.7 };
    await expectAgreement('randomUniform', attributes, [state], [count], 0);
  }
});

test("randomNormal draws the CPU's numbers", async () => {
  for (const count of [1, 6, 5001]) {
    await expectAgreement(
      'randomNormal',
      { shape: [count], stream: 3, mean: 0.5, deviation: 2 },
      [state],
      [count],
      1e-6,
    );
  }
});

test('advanceRandom counts steps modulo 2^32 and leaves the seed alone', async () => {
  const sketch = new Sketch();
  sketch.output(sketch.update('advanceRandom', {}, [sketch.variable([2], 'int32')]));
  const variable = kernels.createVariable(8);
  await kernels.writeVariable(variable, new Int32Array([42, -1]));
  await runOnce(kernels, sketch, [], [variable]);
  assert.equal([...new Int32Array(await kernels.readVariable(variable))], [42, 0]);
});

test.after(closeDevices);
test.run();
