import type { Tensor } from '../tensor/tensor.ts';
import { conv2d, conv2dTranspose } from './conv2d.ts';
import { fill } from './leaves.ts';
import { reshape, transpose } from './movement.ts';
import { upsampleNearest } from './pool.ts';
import { resolveWindow, spatial } from './window.ts';

/** What is folded at once: the stride of a transposed convolution that every device runs. */
const FOLDED = 2;

/** conv2d(upsampleNearest(x, scale), w) of stride 1 and 'same' padding. x [N,H,W,C], w [K,R,S,C] -> [N, scale H, scale W, K].
 *  An even scale is folded: a pixel meets the sums of the taps that its copies would meet, so a transposed convolution by those sums does the
 *  same from a map of half the size, with 4/9 of the products for 3x3. @throws ShapeError if C differs, or scale is no whole number >= 1 */
export function conv2dEnlarged(x: Tensor, w: Tensor, scale: number): Tensor {
  return scale % FOLDED === 0
    ? foldedConv2d(upsampleNearest(x, scale / FOLDED), w)
    : conv2d(upsampleNearest(x, scale), w);
}

function foldedConv2d(x: Tensor, w: Tensor): Tensor {
  const [height, width] = spatial(x, 'conv2dEnlarged input');
  const outputSize: [number, number] = [height * FOLDED, width * FOLDED];
  const [top, bottom, left, right] = resolveWindow(outputSize, spatial(w, 'conv2dEnlarged filter'), {}).padding;
  return conv2dTranspose(x, sumTaps(w), { stride: FOLDED, padding: [bottom, top, right, left], outputSize });
}

/** w [K,R,S,C] -> [C,R+1,S+1,K]: a tap is the sum of w over a window of side 2, in reverse order. That is what w, as filters of one
 *  channel, makes of a square of ones. */
function sumTaps(w: Tensor): Tensor {
  const [filters, rows, columns, channels] = w.shape as [number, number, number, number];
  const single = reshape(transpose(w, [3, 0, 1, 2]), [channels * filters, rows, columns, 1]);
  const sums = conv2d(fill(1, [1, FOLDED, FOLDED, 1]), single, {
    padding: [rows - 1, rows - 1, columns - 1, columns - 1],
  });
  const [, tall, wide] = sums.shape as [number, number, number];
  return transpose(reshape(sums, [tall, wide, channels, filters]), [2, 0, 1, 3]);
}
