/** A line of a drawing: its points in pixels of its panel. */
export interface DrawnLine {
  readonly points: readonly (readonly number[])[];
  readonly stroke: string;
  readonly opacity: number;
}

/** The lines of curves in a drawing, from the lowest to the uppermost. */
export function linesIn(svg: string): DrawnLine[] {
  const lines = svg.matchAll(/<path d="M([-\d.,L]+)" stroke="(#\w+)" stroke-opacity="([\d.]+)"/g);
  return [...lines].map(([, points = '', stroke = '', opacity]) => ({
    points: points.split('L').map((point) => point.split(',').map(Number)),
    stroke,
    opacity: Number(opacity),
  }));
}

/** The texts of a drawing. */
export const textsIn = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text as string);

/** The numbers of an attribute in every element that a pattern finds. */
export const numbersIn = (svg: string, pattern: RegExp): number[] =>
  [...svg.matchAll(pattern)].map(([, value]) => Number(value));
