import type { PoolAttributes, Window } from '../tensor/operators.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import { type Kernel, take, type Value } from './kernel.ts';

/** One pixel of an image under one tap of a window at one place, each as its row-major index in [H,W], [R,S] and [P,Q]. */
interface Touch {
  readonly pixel: number;
  readonly tap: number;
  readonly place: number;
}

/** Everything that a window touches, ordered by place and then by tap. Shapes are [N,H,W,C] and [N,P,Q,...]. */
function touches({ stride, padding }: Window, image: Shape, size: readonly [number, number], placed: Shape): Touch[] {
  const [, height, width] = image as [number, number, number];
  const [, rows, columns] = placed as [number, number, number];
  const result: Touch[] = [];
  for (let place = 0; place < rows * columns; place++) {
    for (let tap = 0; tap < size[0] * size[1]; tap++) {
      const y = Math.floor(place / columns) * stride[0] - padding[0] + Math.floor(tap / size[1]);
      const x = (place % columns) * stride[1] - padding[2] + (tap % size[1]);
      if (y >= 0 && y < height && x >= 0 && x < width) result.push({ pixel: y * width + x, tap, place });
    }
  }
  return result;
}

/** Calls `visit` with the index of every product that a convolution sums: into the image [N,H,W,C], the filter [K,R,S,C]
 *  and the result [N,P,Q,K]. */
function forEachProduct(
  window: Window,
  image: Shape,
  filter: Shape,
  output: Shape,
  visit: (pixel: number, weight: number, out: number) => void,
): void {
  const [batch, height, width, channels] = image as [number, number, number, number];
  const [filters, rows, columns] = filter as [number, number, number, number];
  const places = (output[1] as number) * (output[2] as number);
  const list = touches(window, image, [rows, columns], output);
  for (let n = 0; n < batch; n++) {
    for (const { pixel, tap, place } of list) {
      const image0 = (n * height * width + pixel) * channels;
      for (let k = 0; k < filters; k++) {
        const filter0 = (k * rows * columns + tap) * channels;
        const out = (n * places + place) * filters + k;
        for (let c = 0; c < channels; c++) visit(image0 + c, filter0 + c, out);
      }
    }
  }
}

const at = (data: Float64Array, i: number): number => data[i] as number;

/** For each element of a max pool's result, the index of its window's first maximum in x. */
function firstMaxima(attributes: PoolAttributes, x: Value, result: Shape): Int32Array {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const places = elements(result) / (batch * channels);
  const best = new Int32Array(elements(result)).fill(-1);
  const list = touches(attributes, x.shape, attributes.size, result);
  for (let n = 0; n < batch; n++) {
    for (const { pixel, place } of list) {
      for (let c = 0; c < channels; c++) {
        const [from, to] = [(n * height * width + pixel) * channels + c, (n * places + place) * channels + c];
        const known = best[to] as number;
        if (known < 0 || at(x.data, from) > at(x.data, known)) best[to] = from;
      }
    }
  }
  return best;
}

/** Calls `visit` with the weight 1 / (pixels counted) of every pixel of every average, and the indices of both. */
function forEachShare(
  attributes: PoolAttributes,
  image: Shape,
  pooled: Shape,
  visit: (pixel: number, out: number, share: number) => void,
): void {
  const [batch, height, width, channels] = image as [number, number, number, number];
  const places = (pooled[1] as number) * (pooled[2] as number);
  const list = touches(attributes, image, attributes.size, pooled);
  const counts = new Float64Array(places);
  for (const { place } of list) counts[place] = at(counts, place) + 1;
  for (let n = 0; n < batch; n++) {
    for (const { pixel, place } of list) {
      for (let c = 0; c < channels; c++) {
        visit((n * height * width + pixel) * channels + c, (n * places + place) * channels + c, 1 / at(counts, place));
      }
    }
  }
}

/** Convolutions and pools: everything that slides a window. */
export const windowKernels = {
  conv2d: (window, inputs, result) => {
    const [x, w] = inputs as [Value, Value];
    const y = new Float64Array(elements(result));
    forEachProduct(window, x.shape, w.shape, result, (pixel, weight, out) => {
      y[out] = at(y, out) + at(x.data, pixel) * at(w.data, weight);
    });
    return y;
  },
  conv2dInputGradient: (window, inputs, result) => {
    const [dy, w] = inputs as [Value, Value];
    const dx = new Float64Array(elements(result));
    forEachProduct(window, result, w.shape, dy.shape, (pixel, weight, out) => {
      dx[pixel] = at(dx, pixel) + at(dy.data, out) * at(w.data, weight);
    });
    return dx;
  },
  conv2dFilterGradient: (window, inputs, result) => {
    const [x, dy] = inputs as [Value, Value];
    const dw = new Float64Array(elements(result));
    forEachProduct(window, x.shape, result, dy.shape, (pixel, weight, out) => {
      dw[weight] = at(dw, weight) + at(x.data, pixel) * at(dy.data, out);
    });
    return dw;
  },
  maxPool: (attributes, inputs, result) => {
    const [x] = inputs as [Value];
    return take(x.data, firstMaxima(attributes, x, result));
  },
  maxPoolGradient: (attributes, inputs, result) => {
    const [x, dy] = inputs as [Value, Value];
    const dx = new Float64Array(elements(result));
    firstMaxima(attributes, x, dy.shape).forEach((to, i) => {
      dx[to] = at(dx, to) + at(dy.data, i);
    });
    return dx;
  },
  maxPoolGather: (attributes, inputs, result) => {
    const [x, ddx] = inputs as [Value, Value];
    return take(ddx.data, firstMaxima(attributes, x, result));
  },
  averagePool: (attributes, inputs, result) => {
    const [x] = inputs as [Value];
    const y = new Float64Array(elements(result));
    forEachShare(attributes, x.shape, result, (pixel, out, share) => {
      y[out] = at(y, out) + share * at(x.data, pixel);
    });
    return y;
  },
  averagePoolGradient: (attributes, inputs, result) => {
    const [dy] = inputs as [Value];
    const dx = new Float64Array(elements(result));
    forEachShare(attributes, result, dy.shape, (pixel, out, share) => {
      dx[pixel] = at(dx, pixel) + share * at(dy.data, out);
    });
    return dx;
  },
  upsampleNearest: ({ scale }, inputs, result) => {
    const [x] = inputs as [Value];
    const [, height, width, channels] = x.shape as [number, number, number, number];
    return new Float64Array(elements(result)).map((_, i) => {
      const c = i % channels;
      const column = Math.floor(i / channels) % (width * scale);
      const row = Math.floor(i / channels / (width * scale)) % (height * scale);
      const n = Math.floor(i / channels / (width * scale) / (height * scale));
      const pixel = (n * height + Math.floor(row / scale)) * width + Math.floor(column / scale);
      return at(x.data, pixel * channels + c);
    });
  },
} satisfies {
  [K in
    | 'conv2d'
    | 'conv2dInputGradient'
    | 'conv2dFilterGradient'
    | 'maxPool'
    | 'maxPoolGradient'
    | 'maxPoolGather'
    | 'averagePool'
    | 'averagePoolGradient'
    | 'upsampleNearest']: Kernel<K>;
};
