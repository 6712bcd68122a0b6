import type { Random } from '../random.ts';

/** Sizes, offsets and counts that parsers stumble over. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** Values that stand where another type or range is expected. */
const STRANGE_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e300,
  2 ** 53,
  '',
  'x',
  '../../etc',
  '\0',
  [],
  [null],
  {},
  { a: 1 },
];

const strangeValue = (random: Random): unknown => structuredClone(random.pick(STRANGE_VALUES));

const STRANGE_KEYS = ['__proto__', 'constructor', 'toString', 'length', ''];

/** One to four accidents to the bytes of a file. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let mutated: Buffer = Buffer.from(bytes);
  for (let times = 1 + random.below(4); times > 0; times--) mutated = random.pick(ACCIDENTS)(mutated, random);
  return mutated;
}

type Accident = (bytes: Buffer, random: Random) => Buffer;

const placeIn = (bytes: Buffer, random: Random): number => random.below(Math.max(1, bytes.length));

const ACCIDENTS: readonly Accident[] = [
  function flipBit(bytes, random) {
    const at = placeIn(bytes, random);
    if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
    return bytes;
  },
  function setByte(bytes, random) {
    const at = placeIn(bytes, random);
    if (at < bytes.length) bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
    return bytes;
  },
  function setNumber(bytes, random) {
    const at = random.below(Math.max(1, Math.min(bytes.length, random.pick([64, bytes.length]))));
    if (at + 4 > bytes.length) return bytes;
    const value = random.pick(EXTREMES);
    if (random.below(2) === 0) bytes.writeUInt32LE(value, at);
    else bytes.writeUInt32BE(value, at);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, placeIn(bytes, random)),
  function removeRange(bytes, random) {
    const at = placeIn(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(64))]);
  },
  function insertNoise(bytes, random) {
    const at = placeIn(bytes, random);
    const noise = Buffer.from(Array.from({ length: 1 + random.below(32) }, () => random.below(256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  function repeatRange(bytes, random) {
    const at = placeIn(bytes, random);
    const range = bytes.subarray(at, at + 1 + random.below(256));
    return Buffer.concat([bytes.subarray(0, at), range, range, bytes.subarray(at + range.length)]);
  },
];

/** A JSON value in which one to three values are strange, missing or moved. */
export function mutateJson(value: unknown, random: Random): unknown {
  const mutated = { root: structuredClone(value) };
  for (let times = 1 + random.below(3); times > 0; times--) {
    const places = placesIn(mutated);
    if (places.length === 0) break;
    const { parent, key } = random.pick(places);
    const other = random.pick(places);
    switch (random.below(5)) {
      case 0:
        if (Array.isArray(parent)) parent.splice(Number(key), 1);
        else delete parent[key];
        break;
      case 1:
        define(parent, random.pick(STRANGE_KEYS), strangeValue(random));
        break;
      case 2:
        define(parent, key, structuredClone((other.parent as Record<string, unknown>)[other.key]));
        break;
      default:
        define(parent, key, strangeValue(random));
    }
  }
  return mutated.root;
}

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

/** Every value within another. */
function placesIn(parent: object): Place[] {
  return Object.entries(parent).flatMap(([key, value]) => [
    { parent: parent as Record<string, unknown>, key },
    ...(typeof value === 'object' && value !== null ? placesIn(value) : []),
  ]);
}

/** A property of its own, whatever its name; a list has none but its items. */
function define(parent: object, key: string, value: unknown): void {
  if (Array.isArray(parent) && !/^\d+$/.test(key)) parent.push(value);
  else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}
