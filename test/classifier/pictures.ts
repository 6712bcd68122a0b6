import type { Dataset } from '../../src/data/index.ts';
import { RandomSequence } from '../../src/data/random.ts';

const SIDE = 8;

/** Labelled grey noise of 8x8 with a bright square in the corner of its class, of which there are up to four. */
export function corners(count: number, classes = 3, seed = 1): Dataset {
  const values = Int32Array.from({ length: count }, (_, index) => index % classes);
  return {
    name: 'corners',
    count,
    size: [SIDE, SIDE],
    channels: 1,
    labels: { kind: 'classes', names: ['nw', 'ne', 'sw', 'se'].slice(0, classes), values },
    skipped: [],
    fingerprint: `corners ${count} ${classes} ${seed}`,
    read(index, into, offset) {
      const random = new RandomSequence(seed, 1, index);
      const [top, left] = [(values[index] as number) >> 1, (values[index] as number) & 1];
      for (let at = 0; at < SIDE * SIDE; at++) {
        const [y, x] = [Math.floor(at / SIDE), at % SIDE];
        const isBright = y >> 2 === top && x >> 2 === left;
        into[offset + at] = random.next() / 2 ** 32 - (isBright ? 0 : 0.6);
      }
    },
  };
}
