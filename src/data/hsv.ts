/** A change of colour in HSV. */
export interface HsvShift {
  /** Added to the hue, in turns: 1/3 makes red green. */
  readonly hue: number;
  /** Multiplies the saturation, which is then clamped to 1. */
  readonly saturation: number;
  /** Multiplies the value, which is then clamped to 1. */
  readonly value: number;
}

/** How far a channel lies below the value, in units of chroma: 0 within a sixth of a turn around its own hue, 1 opposite.
 *  `position` is the hue's distance in sixths from where the channel begins to fall, in [0, 12). */
function depth(position: number): number {
  const sixth = position >= 6 ? position - 6 : position;
  const slope = sixth < 2 ? sixth : 4 - sixth;
  return slope <= 0 ? 0 : slope >= 1 ? 1 : slope;
}

/** Shifts the colours of `count` pixels in [-1, 1] from `offset` on, in place; each has `stride` channels, of which the first three are RGB.
 *  @see Smith, Color gamut transform pairs (1978) */
export function shiftColours(
  pixels: Float32Array,
  offset: number,
  count: number,
  shift: HsvShift,
  stride: 3 | 4 = 3,
): void {
  const turn = 6 * (shift.hue - Math.floor(shift.hue));
  for (let i = offset; i < offset + stride * count; i += stride) {
    const r = ((pixels[i] as number) + 1) * 0.5;
    const g = ((pixels[i + 1] as number) + 1) * 0.5;
    const b = ((pixels[i + 2] as number) + 1) * 0.5;
    const largest = r > g ? (r > b ? r : b) : g > b ? g : b;
    const smallest = r < g ? (r < b ? r : b) : g < b ? g : b;
    const value = Math.min(1, largest * shift.value);
    const chroma = largest - smallest;
    if (chroma <= 0) {
      pixels[i] = pixels[i + 1] = pixels[i + 2] = 2 * value - 1;
      continue;
    }
    const newChroma = value * Math.min(1, (chroma / largest) * shift.saturation);
    // In sixths of a turn from red.
    let hue = turn;
    if (largest === r) hue += (g - b) / chroma;
    else if (largest === g) hue += 2 + (b - r) / chroma;
    else hue += 4 + (r - g) / chroma;
    if (hue < 0) hue += 6;
    else if (hue >= 6) hue -= 6;
    pixels[i] = 2 * (value - newChroma * depth(5 + hue)) - 1;
    pixels[i + 1] = 2 * (value - newChroma * depth(3 + hue)) - 1;
    pixels[i + 2] = 2 * (value - newChroma * depth(1 + hue)) - 1;
  }
}
