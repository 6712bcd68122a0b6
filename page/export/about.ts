import type { PageAbout } from '../../src/export/html/about.ts';

/** The element of an id, which index.html has. */
export const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** What the page was told. */
export const about = JSON.parse(find('about').textContent ?? '') as PageAbout;

/** Height, width and channels of a picture. */
export const [height, width, channels] = about.description.image;

export const latentSize = about.description.latent.size;
