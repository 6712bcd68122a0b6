import { type AxisFilter, filterPlane, type Plane } from './planes.ts';

/** Half of a binomial kernel, from its middle outwards: 6, 4, 1 of 16. */
const BINOMIAL = [6 / 16, 4 / 16, 1 / 16] as const;

/** The binomial kernel about every `stride`-th of `size` pixels; what lies outside is mirrored. */
function blurFilter(size: number, stride: number): AxisFilter {
  const count = Math.ceil(size / stride);
  const weights = Array.from({ length: count }, (_, i) => {
    const row = new Float64Array(size);
    for (let offset = -2; offset <= 2; offset++) {
      const at = mirrored(i * stride + offset, size);
      row[at] = (row[at] as number) + (BINOMIAL[Math.abs(offset)] as number);
    }
    return row;
  });
  return trimmed(weights);
}

/** A position outside reflected about the pixel at the edge. */
function mirrored(at: number, size: number): number {
  const last = size - 1;
  if (last === 0) return 0;
  const folded = Math.abs(at) % (2 * last);
  return folded > last ? 2 * last - folded : folded;
}

/** Filters without the zeros on either side. */
function trimmed(rows: readonly Float64Array[]): AxisFilter {
  const firsts = rows.map((row) => row.findIndex((weight) => weight !== 0));
  const weights = rows.map((row, i) => row.slice(firsts[i], row.findLastIndex((weight) => weight !== 0) + 1));
  return { firsts, weights };
}

/** Makes the levels of Laplacian pyramids of planes of one size, the finest first: each holds what its half-sized successor lacks,
 *  and the last is what is left, blurred. @see Burt and Adelson, The Laplacian pyramid as a compact image code (1983) */
export function laplacianPyramid(size: readonly [number, number], levels: number): (plane: Plane) => Plane[] {
  const steps = Array.from({ length: levels - 1 }, (_, level) => {
    const [height, width] = size.map((side) => Math.ceil(side / 2 ** level)) as [number, number];
    return {
      down: [blurFilter(height, 2), blurFilter(width, 2)] as const,
      smooth: [blurFilter(height, 1), blurFilter(width, 1)] as const,
    };
  });
  return (plane) => {
    const made: Plane[] = [];
    let rest = plane;
    for (const { down, smooth } of steps) {
      const coarse = filterPlane(rest, ...down);
      made.push(subtract(rest, filterPlane(spread(coarse, rest), ...smooth)));
      rest = coarse;
    }
    return [...made, rest];
  };
}

/** The pixels of a coarse plane at every second place of a fine one, four times as bright, zeros between. */
function spread(coarse: Plane, { height, width }: Plane): Plane {
  const values = new Float64Array(height * width);
  for (let y = 0; y < coarse.height; y++) {
    for (let x = 0; x < coarse.width; x++) {
      values[2 * y * width + 2 * x] = 4 * (coarse.values[y * coarse.width + x] as number);
    }
  }
  return { height, width, values };
}

const subtract = (a: Plane, b: Plane): Plane => ({
  ...a,
  values: a.values.map((value, at) => value - (b.values[at] as number)),
});
