import type sharpFunction from 'sharp';
import { DataError } from '../errors.ts';

/** The sharp module. */
export type Sharp = typeof sharpFunction;

let loaded: Promise<Sharp> | undefined;

async function load(): Promise<Sharp> {
  const { default: sharp } = await import('sharp').catch((cause: Error) => {
    throw new DataError(
      'sharp_unavailable',
      `sharp, which decodes and encodes images, does not load here: ${cause.message.split('\n')[0]}\n` +
        '  Reinstall it with its platform package: npm install --include=optional sharp',
      { cause },
    );
  });
  // Images are many, small, and each decoded once: parallelism is over images, and a cache would only hold memory.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

/** sharp, loaded on first use (packed data sets at their own size never need it) and set up for many small images.
 *  @throws DataError sharp_unavailable with the remedy. */
export function loadSharp(): Promise<Sharp> {
  loaded ??= load();
  return loaded;
}
