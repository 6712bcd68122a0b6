import type { Condition } from './keys.ts';
import type { Config } from './schema.ts';

/** Whether a discriminator sees earlier generated images again. */
export const replays: Condition = { holds: ({ replay }) => replay.share > 0, said: 'replay.share is above 0' };

/** As many images as MNIST and Fashion-MNIST have. */
const PRESUMED_IMAGES = 60_000;

/** Images that the store of a configuration holds: where it does not say, half as many as its data has batches, so that they are those
 *  of the last half epoch of discriminator updates. @param count images of the data; as many as MNIST has before the data has told */
export const imagesInStore = ({ replay, batch }: Config, count = PRESUMED_IMAGES): number =>
  replay.images > 0 ? replay.images : Math.max(1, Math.round(count / batch / 2));
