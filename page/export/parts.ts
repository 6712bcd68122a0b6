import { channels, height, width } from './about.ts';

/** An element with some of its properties. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), properties);
}

/** A canvas for one picture. @param label what it shows, for those who do not see it */
export const makeCanvas = (label: string): HTMLCanvasElement =>
  make('canvas', { width, height, role: 'img', ariaLabel: label, className: channels === 4 ? 'checked' : '' });

/** Puts a picture on a canvas. */
export function paint(canvas: HTMLCanvasElement, bytes: Uint8ClampedArray): void {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    const at = (channel: number) => bytes[i * channels + (channels === 1 ? 0 : channel)] as number;
    pixels.data.set([at(0), at(1), at(2), channels === 4 ? at(3) : 255], 4 * i);
  }
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
}
