import { test } from 'uvu';
import { closeDevices, expectAgreement, inputs } from './support.ts';

// Windows side by side, overlapping and with gaps; the second ones are padded on two sides.
const WINDOWS = [
  { size: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] },
  { size: [3, 3], stride: [2, 2], padding: [1, 0, 1, 1] },
  { size: [3, 2], stride: [1, 1], padding: [1, 1, 0, 1] },
  { size: [2, 2], stride: [3, 3], padding: [0, 0, 0, 0] },
] as const;

const positions = (length: number, before: number, after: number, size: number, stride: number) =>
  Math.floor((length + before + after - size) / stride) + 1;

for (const channels of [1, 3, 8]) {
  for (const window of WINDOWS) {
    test(`pooling by [${window.size}], stride ${window.stride[0]}, of ${channels} channels`, async () => {
      const { size, stride, padding } = window;
      for (const [height, width] of [
        [6, 7],
        [5, 4],
      ] as const) {
        const p = positions(height, padding[0], padding[1], size[0], stride[0]);
        const q = positions(width, padding[2], padding[3], size[1], stride[1]);
        const image = [2, height, width, channels];
        const pooled = [2, p, q, channels];
        await expectAgreement('maxPool', window, inputs(image), pooled, 0);
        await expectAgreement('maxPoolGather', window, inputs(image, image), pooled, 0);
        await expectAgreement('maxPoolGradient', window, inputs(image, pooled), image, 1e-6);
        await expectAgreement('averagePool', window, inputs(image), pooled, 1e-6);
        await expectAgreement(
          'averagePoolGradient',
          { ...window, inputSize: [height, width] },
          inputs(pooled),
          image,
          1e-6,
        );
      }
    });
  }
}

test.after(closeDevices);
test.run();
