import { rasterise } from './render.ts';

/** A line of text on a picture. */
export interface Caption {
  readonly text: string;
  /** Pixels of the upper left corner. */
  readonly left: number;
  readonly top: number;
  /** Of the text's size. */
  readonly scale: number;
}

const FONT = 'DejaVu Sans Mono';
/** Pixels at scale 1: of the font, from one character to the next, from one line to the next, and from a line's top to its baseline. */
const SIZE = 10;
const ADVANCE = 6;
const LINE = 11;
const ASCENT = 8;

/** Pixels that a line of `characters` takes. */
export const textWidth = (characters: number, scale: number): number => characters * ADVANCE * scale;

export const textHeight = (lines: number, scale: number): number => lines * LINE * scale;

/** Characters that fit into this many pixels. */
export const charactersIn = (width: number, scale: number): number =>
  Math.max(1, Math.floor(width / (ADVANCE * scale)));

/** Breaks a caption into lines of at most `limit` characters, behind a space, '+' or '-' where there is one. */
export function wrapText(text: string, limit: number): string[] {
  const lines: string[] = [];
  let rest = text.trim();
  while (rest.length > limit) {
    const breaks = [...rest.slice(0, limit).matchAll(/[ +-](?=.)/g)].map(({ index }) => index + 1);
    const end = breaks.at(-1) ?? limit;
    lines.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return rest === '' ? lines : [...lines, rest];
}

/** Lines below one another from `top` on, each in the middle of `width` pixels from `left` on. */
export function centred(
  lines: readonly string[],
  place: { left: number; top: number; width: number; scale: number },
): Caption[] {
  const { left, top, width, scale } = place;
  return lines.map((text, i) => ({
    text,
    left: left + Math.max(0, Math.floor((width - textWidth(text.length, scale)) / 2)),
    top: top + textHeight(i, scale),
    scale,
  }));
}

/** How much ink captions leave on each pixel of a picture: height x width levels from 0, none, to 255. */
export async function inkOf(
  captions: readonly Caption[],
  size: { width: number; height: number },
): Promise<Uint8Array> {
  const { width, height } = size;
  const texts = captions.map(({ text, left, top, scale }) => {
    const place = `x="${left}" y="${top + ASCENT * scale}" font-size="${SIZE * scale}" textLength="${textWidth(text.length, scale)}"`;
    return `<text ${place} xml:space="preserve">${xml(text)}</text>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="${FONT}">${texts.join('')}</svg>`;
  const { pixels } = await rasterise(svg);
  return Uint8Array.from({ length: width * height }, (_, i) => pixels[4 * i + 3] as number);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Text as it stands in XML, where control characters and half surrogate pairs have no place. */
const xml = (text: string): string =>
  text.replace(/\p{Cc}|\p{Cs}/gu, '\ufffd').replace(/[&<>]/g, (character) => ENTITIES[character] as string);
