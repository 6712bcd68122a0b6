/** A format of image files, known by the first bytes. */
export interface ImageKind {
  readonly name: string;
  /** The ending that such a file should have, if it can be decoded here. */
  readonly ending?: string;
  /** What to convert it to otherwise. */
  readonly convertTo?: string;
}

/** First bytes that tell every kind apart. */
export const SIGNATURE_BYTES = 256;

const text = (bytes: Uint8Array, begin: number, end: number): string =>
  Buffer.from(bytes.subarray(begin, end)).toString('latin1');

const AVIF_BRANDS = ['avif', 'avis'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx'];
/** They leave open how the image is coded. */
const HEIF_BRANDS = ['mif1', 'msf1'];

/** The brands of an ISO media file, its major one first; none for other files. */
function brandsOf(bytes: Uint8Array): string[] {
  if (text(bytes, 4, 8) !== 'ftyp') return [];
  const end = Math.min(bytes.length, new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4) if (at !== 12) brands.push(text(bytes, at, at + 4));
  return brands;
}

const hasBrand =
  (known: readonly string[]) =>
  (bytes: Uint8Array): boolean =>
    brandsOf(bytes).some((brand) => known.includes(brand));

const begins =
  (...signatures: string[]) =>
  (bytes: Uint8Array): boolean =>
    signatures.some((signature) => text(bytes, 0, signature.length) === signature);

const KINDS: readonly (ImageKind & { readonly matches: (bytes: Uint8Array) => boolean })[] = [
  { name: 'JPEG', ending: '.jpg', matches: begins('\xff\xd8\xff') },
  { name: 'PNG', ending: '.png', matches: begins('\x89PNG\r\n\x1a\n') },
  { name: 'GIF', ending: '.gif', matches: begins('GIF87a', 'GIF89a') },
  {
    name: 'WebP',
    ending: '.webp',
    matches: (bytes) => text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP',
  },
  { name: 'TIFF', ending: '.tif', matches: begins('II*\0', 'MM\0*', 'II+\0', 'MM\0+') },
  { name: 'AVIF', ending: '.avif', matches: hasBrand(AVIF_BRANDS) },
  { name: 'HEIC (HEVC)', convertTo: 'JPEG', matches: hasBrand(HEIC_BRANDS) },
  { name: 'HEIF', ending: '.avif', matches: hasBrand(HEIF_BRANDS) },
  { name: 'BMP', convertTo: 'PNG', matches: (bytes) => begins('BM')(bytes) && text(bytes, 6, 10) === '\0\0\0\0' },
  { name: 'JPEG 2000', convertTo: 'PNG', matches: begins('\0\0\0\x0cjP  \r\n', '\xff\x4f\xff\x51') },
  { name: 'JPEG XL', convertTo: 'PNG', matches: begins('\xff\x0a', '\0\0\0\x0cJXL \r\n') },
  { name: 'Netpbm', convertTo: 'PNG', matches: (bytes) => /^P(?:[1-6]\s+[#\d]|7\n)/.test(text(bytes, 0, 16)) },
  { name: 'Photoshop', convertTo: 'PNG', matches: begins('8BPS') },
  {
    name: 'SVG',
    convertTo: 'PNG',
    matches: (bytes) => /^\s*(?:<\?xml[^<]*)?<svg\b/.test(text(bytes, 0, SIGNATURE_BYTES)),
  },
];

/** The kind of image that these first bytes begin; undefined if none is known. */
export const imageKind = (bytes: Uint8Array): ImageKind | undefined => KINDS.find(({ matches }) => matches(bytes));
