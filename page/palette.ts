import { useEffect, useState } from 'preact/hooks';
import { PALETTE, type Theme } from '../src/charts/theme.ts';

const dark = matchMedia('(prefers-color-scheme: dark)');

/** Which of the two sets of colours the page shows. */
export const theme = (): Theme => (dark.matches ? 'dark' : 'light');

/** Draws a component anew when the reader's system turns to the other one. */
export function useThemeChange(): void {
  const [, setCount] = useState(0);
  useEffect(() => {
    const changed = (): void => setCount((count) => count + 1);
    dark.addEventListener('change', changed);
    return () => dark.removeEventListener('change', changed);
  }, []);
}

/** The colour of curve `index`; after the last they begin again. */
export function colourOf(index: number): string {
  const colours = PALETTE[theme()];
  return colours[index % colours.length] as string;
}

/** How the lines of a curve are broken, by how often the colours have begun again. */
export const dashOf = (index: number): number[] =>
  [[], [8, 4], [2, 3], [10, 3, 2, 3]][Math.floor(index / 6) % 4] as number[];

/** The same colour, of which so much is seen. */
export const faint = (colour: string, part: number): string =>
  `${colour}${Math.round(part * 255)
    .toString(16)
    .padStart(2, '0')}`;
