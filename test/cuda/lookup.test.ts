import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { applyOp, numbers } from '../binding/support.ts';
import { closeDevices, expectAgreement, kernels } from './support.ts';

const indices = (count: number, rows: number) => ({
  shape: [count],
  data: Int32Array.from({ length: count }, (_, i) => (i * 7 + (i >> 3)) % rows),
});

test('gather, scatterAdd and oneHot of rows of any width', async () => {
  for (const width of [1, 3, 8, 513]) {
    for (const [count, rows] of [
      [1, 1],
      [33, 7],
      [300, 20],
    ] as const) {
      const table = numbers([rows, width]);
      await expectAgreement('gather', {}, [table, indices(count, rows)], [count, width], 0);
      await expectAgreement(
        'scatterAdd',
        { rows },
        [indices(count, rows), numbers([count, width])],
        [rows, width],
        1e-5,
      );
      await expectAgreement('oneHot', { depth: rows }, [indices(count, rows)], [count, rows], 0);
    }
  }
});

test('an index out of range is an error that names the first one, and a later run is clean', async () => {
  const wrong = indices(300, 20);
  wrong.data[277] = -1;
  wrong.data[30] = 20;
  const failure = await applyOp(kernels, 'oneHot', { depth: 20 }, [wrong], [300, 20]).then(
    () => undefined,
    (error: Error) => error,
  );
  assert.match(failure?.message ?? 'no error', /index 30 is 20, but must be from 0 to 19/);
  await expectAgreement('oneHot', { depth: 20 }, [indices(300, 20)], [300, 20], 0);
});

test.after(closeDevices);
test.run();
