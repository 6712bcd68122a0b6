import { createHash } from 'node:crypto';
import type { ImageSize } from '../config/image_size.ts';
import { conformImages } from './conform.ts';
import type { Dataset, ProgressListener, Split } from './dataset.ts';
import type { Labels } from './labels/labels.ts';
import { bytesToUnit, type Channels, imageElements, type PackedImages } from './pixels.ts';

/** What a packed data set is asked for; size and channels default to its own. */
export interface PackedOptions {
  readonly size?: ImageSize | undefined;
  readonly channels?: Channels | undefined;
  readonly split?: Split | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A data set over images in memory, brought to the format asked for; every read is synchronous. `onBlack`: see
 *  conformImages. The fingerprint is that of the images as they came. */
export async function openPacked(
  name: string,
  source: PackedImages,
  labels: Labels,
  options: PackedOptions & { readonly onBlack: boolean },
): Promise<Dataset> {
  const target = { size: options.size ?? source.size, channels: options.channels ?? source.channels };
  const { count, size, channels, pixels } = await conformImages(source, target, options);
  const elements = imageElements(target);
  return {
    name,
    count,
    size,
    channels,
    labels,
    skipped: [],
    fingerprint: createHash('sha256').update(source.pixels).update(labels.values).digest('hex'),
    read: (index, into, offset) => bytesToUnit(pixels, index * elements, elements, into, offset),
  };
}
