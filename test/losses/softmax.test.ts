import { test } from 'uvu';
import { openDevice } from '../../src/device/index.ts';
import { gradients } from '../../src/graph/index.ts';
import { softmax, softmaxCrossEntropy } from '../../src/losses/index.ts';
import { oneHot } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, trace } from '../../src/tensor/trace.ts';
import { assertClose } from '../nn/bench.ts';

/** What a function makes of logits [2,3] and the targets of their classes, on the CPU. */
async function evaluate(logits: number[], classes: number[], body: (logits: Tensor, targets: Tensor) => Tensor) {
  const device = openDevice('cpu', { threads: 1 });
  try {
    const graph = trace('softmax', () => ({
      y: body(feed('logits', [2, 3]), oneHot(feed('classes', [2], 'int32'), 3)),
    }));
    const executable = await device.load(graph);
    const feeds = { logits: Float32Array.from(logits), classes: Int32Array.from(classes) };
    const { outputs } = await device.run([{ executable, feeds, fetch: true }]);
    return [...(outputs[0]?.y ?? [])];
  } finally {
    device.close();
  }
}

const LOGITS = [1, 2, 3, -1, 0.5, 0];
const e = Math.exp;
const [a, b] = [e(1) + e(2) + e(3), e(-1) + e(0.5) + 1];
const PROBABILITIES = [e(1) / a, e(2) / a, e(3) / a, e(-1) / b, e(0.5) / b, 1 / b];

test('a softmax is the exponentials in proportion, however large the logits are', async () => {
  assertClose(await evaluate(LOGITS, [0, 0], softmax), PROBABILITIES);
  assertClose(await evaluate([1000, 1000, -1000, -500, -500, -500], [0, 0], softmax), [
    0.5,
    0.5,
    0,
    ...Array(3).fill(1 / 3),
  ]);
});

test('the cross entropy is the mean of -log p of the classes', async () => {
  const expected = -(Math.log(e(3) / a) + Math.log(e(-1) / b)) / 2;
  assertClose(await evaluate(LOGITS, [2, 0], softmaxCrossEntropy), [expected]);
  assertClose(await evaluate([1000, 0, 0, 1000, 0, 0], [0, 1], softmaxCrossEntropy), [500]);
});

test('its gradient is the probabilities less the targets, by the number of rows', async () => {
  const slope = (logits: Tensor, targets: Tensor) =>
    gradients(softmaxCrossEntropy(logits, targets), [logits])[0] as Tensor;
  const targets = [0, 0, 1, 1, 0, 0];
  assertClose(
    await evaluate(LOGITS, [2, 0], slope),
    PROBABILITIES.map((p, i) => (p - (targets[i] as number)) / 2),
  );
});

test('ties of the largest logit leave the gradient as it is', async () => {
  const slope = (logits: Tensor, targets: Tensor) =>
    gradients(softmaxCrossEntropy(logits, targets), [logits])[0] as Tensor;
  assertClose(await evaluate([0, 0, 0, 1, 1, -9], [0, 1], slope).then((all) => all.slice(0, 3)), [
    -1 / 3,
    1 / 6,
    1 / 6,
  ]);
});

test.run();
