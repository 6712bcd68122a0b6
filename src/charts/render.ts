import { createRequire } from 'node:module';
import { writeAtomically } from '../data/index.ts';
import { FONT } from './theme.ts';

const FONT_FILES = ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSansMono'].map(
  (name) => `dejavu-fonts-ttf/ttf/${name}.ttf`,
);

/** Pixels of a PNG to a pixel of the drawing, so that it is sharp on dense screens. */
const PNG_ZOOM = 2;

/** A picture with a level of opacity for each pixel. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, multiplied by opacity, and opacity: height x width x 4 bytes. */
  readonly pixels: Uint8Array;
}

/** An SVG drawing as pixels, `zoom` of them to a unit. Its texts need no font of the system. */
export async function rasterise(svg: string, zoom = 1): Promise<Raster> {
  const image = (await render(svg, zoom)).render();
  return { width: image.width, height: image.height, pixels: image.pixels };
}

/** Writes an SVG drawing as a drawing (.svg) or as a PNG of twice its size, atomically. @throws CheckpointError image_unwritable. */
export async function writeDrawing(path: string, svg: string): Promise<void> {
  const drawing = path.toLowerCase().endsWith('.svg')
    ? Buffer.from(svg)
    : (await render(svg, PNG_ZOOM)).render().asPng();
  await writeAtomically(path, drawing);
}

async function render(svg: string, zoom: number) {
  const { Resvg } = await import('@resvg/resvg-js');
  const { resolve } = createRequire(import.meta.url);
  return new Resvg(svg, {
    font: { loadSystemFonts: false, fontFiles: FONT_FILES.map((file) => resolve(file)), defaultFontFamily: FONT },
    fitTo: { mode: 'zoom', value: zoom },
  });
}
