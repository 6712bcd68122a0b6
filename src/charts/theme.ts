/** Whether a drawing is made for a light or a dark page. */
export type Theme = 'light' | 'dark';

/** Every text of a drawing is set in it; it comes with gannet, so that a drawing looks the same everywhere. */
export const FONT = 'DejaVu Sans';

/** What a drawing is made of, by theme. */
export const INK = {
  light: { page: '#ffffff', text: '#222222', faint: '#666666', grid: '#e6e6e6', line: '#999999', warning: '#b30000' },
  dark: { page: '#16181d', text: '#eeeeee', faint: '#a8a8a8', grid: '#33363d', line: '#777777', warning: '#ff7a70' },
} as const;

/** Colours that stay apart for every kind of colour vision: M. Okabe, K. Ito, Color Universal Design, 2008. */
export const PALETTE = {
  light: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'],
  dark: ['#56b4e9', '#e69f00', '#2fc79b', '#e29ac4', '#f0e442', '#7fa8ff'],
} as const;
