import type { PortableNode } from './graph.ts';

/** How a transposed convolution is written with the same padding on both sides, which every runtime computes alike: what is too much is cut
 *  off. Each is [height, width]. */
export interface SymmetricTransposed {
  readonly padding: readonly [number, number];
  /** Rows and columns that no window reaches, at the end. */
  readonly outputPadding: readonly [number, number];
  /** Where the wanted part begins in the result. */
  readonly begin: readonly [number, number];
  /** Of the result before anything is cut off. */
  readonly size: readonly [number, number];
}

/** The same for a node of a graph with channels first. The result of a transposed convolution is a part of its full result, of
 *  (in - 1) stride + kernel pixels: that which begins behind the padding and is as long as the image. */
export function cropOf({ attributes, inputs, shape }: PortableNode<'conv2dInputGradient'>): SymmetricTransposed {
  const { stride, padding } = attributes;
  const [dy, w] = inputs as [PortableNode, PortableNode];
  const along = (axis: 0 | 1) => {
    const full = ((dy.shape[2 + axis] as number) - 1) * (stride[axis] as number) + (w.shape[2 + axis] as number);
    const wanted = shape[2 + axis] as number;
    const before = padding[2 * axis] as number;
    const after = full - before - wanted;
    const both = Math.max(0, Math.min(before, after));
    const outputPadding = Math.max(0, -after);
    return { both, outputPadding, begin: before - both, size: full - 2 * both + outputPadding };
  };
  const [height, width] = [along(0), along(1)];
  const pair = (key: keyof typeof height): [number, number] => [height[key], width[key]];
  return { padding: pair('both'), outputPadding: pair('outputPadding'), begin: pair('begin'), size: pair('size') };
}
