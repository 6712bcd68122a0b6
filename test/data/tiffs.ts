/** What a TIFF says of its samples; every field is written as its tag. */
export interface TiffOptions {
  readonly photometric: number;
  /** Bits of each sample of a pixel, one number per sample. */
  readonly bits: readonly number[];
  /** 1, none, if not given; the bytes are not compressed whatever it says. */
  readonly compression?: number;
  /** 1: unsigned, 2: signed, 3: floating point. */
  readonly sampleFormat?: number;
  /** What the samples beyond the colour are: 0: unspecified, 1: premultiplied alpha, 2: alpha. */
  readonly extraSamples?: readonly number[];
  /** Red, green and blue of every index, 16 bits each, all reds first. */
  readonly colourMap?: readonly number[];
}

const SIDE = 4;
const YCBCR = 6;
const ENTRY = 12;

/** The bytes of an uncompressed little-endian TIFF of 4x4 pixels, each of which has the bytes `pixel`. */
export function uniformTiff(pixel: Uint8Array, options: TiffOptions): Buffer {
  const { photometric, bits, compression = 1, sampleFormat = 1, extraSamples = [], colourMap = [] } = options;
  const strip = Buffer.concat(Array.from({ length: SIDE * SIDE }, () => pixel));
  const shorts: [tag: number, values: readonly number[]][] = [
    [256, [SIDE]],
    [257, [SIDE]],
    [258, bits],
    [259, [compression]],
    [262, [photometric]],
    [273, [8]],
    [277, [bits.length]],
    [278, [SIDE]],
    [279, [strip.length]],
    [320, colourMap],
    [338, extraSamples],
    [339, bits.map(() => sampleFormat)],
    [530, photometric === YCBCR ? [1, 1] : []],
  ];
  const tags = shorts.filter(([, values]) => values.length > 0);
  const directory = Buffer.alloc(2 + tags.length * ENTRY + 4);
  const outside: Buffer[] = [];
  let end = 8 + strip.length + directory.length;
  directory.writeUInt16LE(tags.length, 0);
  for (const [i, [tag, values]] of tags.entries()) {
    const at = 2 + i * ENTRY;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(3, at + 2);
    directory.writeUInt32LE(values.length, at + 4);
    const bytes = Buffer.from(Uint16Array.from(values).buffer);
    if (bytes.length <= 4) {
      bytes.copy(directory, at + 8);
      continue;
    }
    directory.writeUInt32LE(end, at + 8);
    outside.push(bytes);
    end += bytes.length;
  }
  const header = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(8 + strip.length, 4);
  return Buffer.concat([header, strip, directory, ...outside]);
}
