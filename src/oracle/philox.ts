const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const KEY_INCREMENTS = [0x9e3779b9, 0xbb67ae85] as const;

type Words = readonly [number, number, number, number];

/** The upper half of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const [aHigh, aLow] = [a >>> 16, a & 0xffff];
  const [bHigh, bLow] = [b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** Philox4x32-10: four random words from a key of two and a counter of four.
 *  @see Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011) */
export function philox4x32(key: readonly [number, number], counter: Words): Words {
  let [k0, k1] = [key[0] >>> 0, key[1] >>> 0];
  let [c0, c1, c2, c3] = counter.map((word) => word >>> 0) as [number, number, number, number];
  for (let round = 0; round < ROUNDS; round++) {
    const [high0, low0] = [multiplyHigh(MULTIPLIERS[0], c0), Math.imul(MULTIPLIERS[0], c0) >>> 0];
    const [high1, low1] = [multiplyHigh(MULTIPLIERS[1], c2), Math.imul(MULTIPLIERS[1], c2) >>> 0];
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + KEY_INCREMENTS[0]) >>> 0;
    k1 = (k1 + KEY_INCREMENTS[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** What a random op draws from: the device's random state, and the op's own stream. */
export interface RandomSource {
  readonly seed: number;
  readonly step: number;
  readonly stream: number;
}

/** The first `count` words of a stream at a step; word i is word i mod 4 of block i div 4. */
function randomWords({ seed, step, stream }: RandomSource, count: number): Uint32Array {
  const words = new Uint32Array(Math.ceil(count / 4) * 4);
  for (let block = 0; block * 4 < count; block++) {
    words.set(philox4x32([seed, stream], [block, step, 0, 0]), block * 4);
  }
  return words;
}

/** Multiples of 2^-24 in [0, 1): exact in float32. */
const fraction = (word: number): number => (word >>> 8) * 2 ** -24;

/** `count` uniform numbers in [0, 1). */
export const uniformNumbers = (source: RandomSource, count: number): Float64Array =>
  Float64Array.from(randomWords(source, count).subarray(0, count), fraction);

/** `count` standard normal numbers, two from every two words. @see Box and Muller (1958) */
export function normalNumbers(source: RandomSource, count: number): Float64Array {
  const words = randomWords(source, count);
  const result = new Float64Array(words.length);
  for (let i = 0; i < words.length; i += 2) {
    // Above zero, so that its logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(fraction(words[i] as number) + 2 ** -24));
    const angle = 2 * Math.PI * fraction(words[i + 1] as number);
    result[i] = radius * Math.cos(angle);
    result[i + 1] = radius * Math.sin(angle);
  }
  return result.subarray(0, count);
}
