import { ConfigError } from '../errors.ts';

/** What the encoder takes: more pixels are no picture that anybody looks at. */
const MOST_PIXELS = 0x3fff ** 2;

/** Refuses a picture of more pixels than can be encoded. @throws ConfigError picture_too_large */
export function expectPictureSize(width: number, height: number): void {
  if (width * height <= MOST_PIXELS) return;
  throw new ConfigError(
    'picture_too_large',
    `the picture would have ${width} x ${height} pixels, and at most ${MOST_PIXELS} can be written; take fewer images or a smaller --scale`,
  );
}
