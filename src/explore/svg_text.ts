import { GLYPH_HEIGHT, GLYPH_WIDTH, hasInk } from './font.ts';

/** Height of a line of text, at scale 1. */
export const TEXT_HEIGHT = GLYPH_HEIGHT;

/** Width of a line of text. */
export const textWidth = (text: string, scale = 1): number => text.length * (GLYPH_WIDTH + 1) * scale;

/** A line of text as filled squares in an SVG picture, its upper left corner at (left, top); `scale` pixels to a square. The font is
 *  gannet's own, so that the picture looks the same everywhere. */
export function drawText(text: string, left: number, top: number, color: string, scale = 1): string {
  const squares: string[] = [];
  for (const [i, character] of [...text].entries()) {
    for (let y = 0; y < GLYPH_HEIGHT; y++) {
      for (let x = 0; x < GLYPH_WIDTH; x++) {
        if (hasInk(character, x, y)) squares.push(`M${i * (GLYPH_WIDTH + 1) + x} ${y}h1v1h-1z`);
      }
    }
  }
  const place = `translate(${Math.round(left)} ${Math.round(top)})${scale === 1 ? '' : ` scale(${scale})`}`;
  return `<path transform="${place}" fill="${color}" d="${squares.join('')}"/>`;
}
