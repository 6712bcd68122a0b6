/** What a report is made of, whatever it is written as. All texts are plain: whoever writes them escapes them. */
export interface Document {
  readonly title: string;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'pictures'; readonly pictures: readonly Picture[] }
  | { readonly kind: 'commands'; readonly lines: readonly string[] };

/** A picture with what it shows in words. */
export interface Picture {
  readonly caption: string;
  /** Its file's name without the ending, where it has a file of its own. */
  readonly name: string;
  readonly image: Drawing | Png;
}

/** The same SVG drawing for a light page and for a dark one. */
export interface Drawing {
  readonly light: string;
  readonly dark: string;
}

export interface Png {
  readonly png: Uint8Array;
}

export const heading = (text: string): Block => ({ kind: 'heading', text });
export const text = (words: string): Block => ({ kind: 'text', text: words });
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): Block => ({
  kind: 'table',
  head,
  rows,
});
