import type { Picture } from '../data/index.ts';
import { GLYPH_HEIGHT, GLYPH_WIDTH, hasInk } from './font.ts';

/** Pixels from one character, or line, to the next, at scale 1. */
const ADVANCE = GLYPH_WIDTH + 1;
const LINE = GLYPH_HEIGHT + 2;

/** Pixels that a line of `characters` takes; the space behind the last one does not count. */
export const textWidth = (characters: number, scale: number): number => Math.max(0, characters * ADVANCE - 1) * scale;

export const textHeight = (lines: number, scale: number): number => Math.max(0, lines * LINE - 2) * scale;

/** Characters that fit into this many pixels. */
export const charactersIn = (width: number, scale: number): number =>
  Math.max(1, Math.floor((width / scale + 1) / ADVANCE));

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

/** Writes one line in black, its upper left corner at (left, top), each pixel of a glyph scale x scale. It must lie within. */
export function drawText(picture: Picture, text: string, left: number, top: number, scale: number): void {
  for (const [i, character] of [...text].entries()) {
    for (let y = 0; y < GLYPH_HEIGHT * scale; y++) {
      for (let x = 0; x < GLYPH_WIDTH * scale; x++) {
        if (!hasInk(character, Math.floor(x / scale), Math.floor(y / scale))) continue;
        const at = (top + y) * picture.width + left + i * ADVANCE * scale + x;
        picture.pixels.fill(0, at * picture.channels, at * picture.channels + Math.min(3, picture.channels));
      }
    }
  }
}

/** Writes lines below one another, each in the middle of `width` pixels from `left` on. */
export function drawCentred(
  picture: Picture,
  lines: readonly string[],
  left: number,
  top: number,
  width: number,
  scale: number,
): void {
  for (const [i, line] of lines.entries()) {
    const indent = Math.floor((width - textWidth(line.length, scale)) / 2);
    drawText(picture, line, left + Math.max(0, indent), top + i * LINE * scale, scale);
  }
}
