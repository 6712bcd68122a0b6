/** What a TIFF's first directory says of its samples. @see the TIFF 6.0 specification, sections 4 to 8 and 18 */
interface TiffFields {
  readonly bitsPerSample: readonly number[];
  readonly compression: number;
  readonly photometric: number | undefined;
  readonly samplesPerPixel: number;
  readonly extraSamples: readonly number[];
  readonly sampleFormats: readonly number[];
}

const TAGS = {
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  samplesPerPixel: 277,
  extraSamples: 338,
  sampleFormat: 339,
} as const;

const NONE = 1;
const JPEG = 7;

/** Photometric interpretations that are decoded to the colours they mean, and the samples that make the colour. */
const COLOUR_SAMPLES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3 };
const GREY = [0, 1];
const YCBCR = 6;

const PHOTOMETRIC_NAMES: Readonly<Record<number, string>> = {
  4: 'a transparency mask',
  8: 'CIELab',
  9: 'ICCLab',
  10: 'ITULab',
  32803: 'the mosaic of a camera sensor',
  32844: 'LogL',
  32845: 'LogLuv',
  34892: 'raw values of a camera sensor',
};

const COMPRESSION_NAMES: Readonly<Record<number, string>> = {
  6: 'JPEG of before 1995',
  32809: 'ThunderScan',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50000: 'Zstandard',
  50002: 'JPEG XL',
};

const SAMPLE_FORMATS: Readonly<Record<number, string>> = {
  2: 'signed',
  3: 'floating-point',
  5: 'complex',
  6: 'complex',
};

const UNSPECIFIED = 0;

/** How the samples of a TIFF are to be read. */
export interface TiffSamples {
  /** Behind the colour lie samples that are no transparency; they are left out. */
  readonly hasStraySamples: boolean;
}

/** Looks at how a TIFF stores its samples; undefined if its directory cannot be read, so that the decoder finds what is wrong.
 *  @throws Error, in one line, if the decoder would take the samples for what they are not */
export function inspectTiff(bytes: Uint8Array): TiffSamples | undefined {
  const fields = readFields(bytes);
  if (!fields) return undefined;
  const problem = problemWith(fields);
  if (problem !== undefined) throw new Error(problem);
  const { photometric, samplesPerPixel, extraSamples } = fields;
  const stray = samplesPerPixel - (COLOUR_SAMPLES[photometric ?? 1] as number);
  const isTransparency = stray === 1 && extraSamples.length === 1 && extraSamples[0] !== UNSPECIFIED;
  return { hasStraySamples: stray > 0 && !isTransparency };
}

/** What is wrong with a TIFF that was not decoded: its compression, if that is a rare one. */
export function unknownCompression(bytes: Uint8Array): string | undefined {
  const compression = readFields(bytes)?.compression;
  const name = compression === undefined ? undefined : COMPRESSION_NAMES[compression];
  return name && `a TIFF compressed by ${name} cannot be decoded here; store it with LZW or Deflate`;
}

function problemWith({
  bitsPerSample,
  compression,
  photometric = 1,
  samplesPerPixel,
  sampleFormats,
}: TiffFields): string | undefined {
  const colours = COLOUR_SAMPLES[photometric];
  if (colours === undefined) {
    return `a TIFF of ${PHOTOMETRIC_NAMES[photometric] ?? `photometric interpretation ${photometric}`} cannot be decoded here; convert it to RGB`;
  }
  // Within JPEG the decoder turns YCbCr into RGB; outside it takes one for the other.
  if (photometric === YCBCR && compression !== JPEG) {
    return 'a TIFF of YCbCr without JPEG compression cannot be decoded here; convert it to RGB';
  }
  const format = sampleFormats.map((code) => SAMPLE_FORMATS[code]).find((name) => name !== undefined);
  if (format) return `a TIFF of ${format} samples, for which no range is fixed; convert it to 8 or 16 bits, unsigned`;
  const odd = bitsPerSample.find((bits) => ![1, 2, 4, 8, 16].includes(bits));
  if (odd !== undefined) return `a TIFF of ${odd} bits per sample cannot be decoded here; convert it to 8 or 16 bits`;
  if (GREY.includes(photometric) && samplesPerPixel > colours + 1) {
    return `a TIFF of ${samplesPerPixel} samples per pixel that are not told to be colours; convert it to grey or RGB`;
  }
  return undefined;
}

function readFields(bytes: Uint8Array): TiffFields | undefined {
  try {
    const tags = new TiffDirectory(bytes);
    return {
      bitsPerSample: tags.values(TAGS.bitsPerSample) ?? [1],
      compression: tags.values(TAGS.compression)?.[0] ?? NONE,
      photometric: tags.values(TAGS.photometric)?.[0],
      samplesPerPixel: tags.values(TAGS.samplesPerPixel)?.[0] ?? 1,
      extraSamples: tags.values(TAGS.extraSamples) ?? [],
      sampleFormats: tags.values(TAGS.sampleFormat) ?? [],
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const BIG_TIFF = 43;

/** Bytes of a whole number by the type of its tag. */
const BYTES_OF_TYPE: Readonly<Record<number, 1 | 2 | 4>> = { 1: 1, 3: 2, 4: 4 };

/** More tags or values than any image needs; what promises more is damaged. */
const MOST = 0xffff;

/** The first directory of a TIFF or BigTIFF, in either byte order. Reading outside the bytes is a RangeError. */
class TiffDirectory {
  private readonly view: DataView;
  private readonly littleEndian: boolean;
  private readonly isBig: boolean;
  /** Where each tag's entry begins. */
  private readonly entries = new Map<number, number>();

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = bytes[0] === 0x49;
    this.isBig = this.short(2) === BIG_TIFF;
    const start = this.isBig ? this.long8(8) : this.long(4);
    const count = this.isBig ? this.long8(start) : this.short(start);
    if (count > MOST) throw new RangeError(`${count} tags`);
    const [header, entry] = this.isBig ? [8, 20] : [2, 12];
    for (let i = 0; i < count; i++) {
      const at = start + header + i * entry;
      this.entries.set(this.short(at), at);
    }
  }

  /** The values of a tag of whole numbers; undefined if the tag is not there or holds something else. */
  values(tag: number): number[] | undefined {
    const entry = this.entries.get(tag);
    const bytes = entry === undefined ? undefined : BYTES_OF_TYPE[this.short(entry + 2)];
    if (entry === undefined || bytes === undefined) return undefined;
    const count = this.isBig ? this.long8(entry + 4) : this.long(entry + 4);
    if (count > MOST) throw new RangeError(`${count} values`);
    const field = entry + (this.isBig ? 12 : 8);
    const isInside = count * bytes <= (this.isBig ? 8 : 4);
    const at = isInside ? field : this.isBig ? this.long8(field) : this.long(field);
    return Array.from({ length: count }, (_, i) => this.number(at + bytes * i, bytes));
  }

  private number(at: number, bytes: 1 | 2 | 4): number {
    if (bytes === 1) return this.view.getUint8(at);
    return bytes === 2 ? this.short(at) : this.long(at);
  }

  private short(at: number): number {
    return this.view.getUint16(at, this.littleEndian);
  }

  private long(at: number): number {
    return this.view.getUint32(at, this.littleEndian);
  }

  private long8(at: number): number {
    return Number(this.view.getBigUint64(at, this.littleEndian));
  }
}
