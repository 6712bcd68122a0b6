const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_32 = 2 ** 32;

/** Four 32-bit words: a counter of Philox, or its result. */
export type Words4 = readonly [number, number, number, number];

/** The high half of the 64-bit product of two unsigned 32-bit integers, from 16-bit halves (doubles hold 53 bits). */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + Math.floor(low / 0x10000);
  const carry = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** Philox4x32-10: a bijection of the 128-bit counter for each 64-bit key. Four unsigned words in, four out.
 *  @see Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011) */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A sequence of random integers that depends on (seed, stream, step) and on nothing else. */
export class RandomSequence {
  private readonly key: readonly [number, number];
  private readonly step: number;
  private readonly seedHigh: number;
  private block = 0;
  private words: Words4 = [0, 0, 0, 0];
  private used = 4;

  /** `seed` is a non-negative safe integer; `stream` and `step` are unsigned 32-bit integers. */
  constructor(seed: number, stream: number, step: number) {
    this.key = [seed >>> 0, stream >>> 0];
    this.seedHigh = Math.floor(seed / TWO_32);
    this.step = step >>> 0;
  }

  /** The next unsigned 32-bit integer. */
  next(): number {
    if (this.used === 4) {
      this.words = philox4x32([this.block, this.step, this.seedHigh, 0], this.key);
      this.block++;
      this.used = 0;
    }
    return this.words[this.used++ as 0 | 1 | 2 | 3];
  }

  /** A uniform integer in [0, limit), without bias: words past the last whole multiple of `limit` are drawn again. */
  below(limit: number): number {
    const end = TWO_32 - (TWO_32 % limit);
    let word = this.next();
    while (word >= end) word = this.next();
    return word % limit;
  }
}

/** A random order of 0 .. count - 1 by Fisher and Yates, drawn from `random`. */
export function permutation(count: number, random: RandomSequence): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const j = random.below(i + 1);
    order[i] = order[j] as number;
    order[j] = i;
  }
  return order;
}
