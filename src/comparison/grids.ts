import { conditionedOn, isConditional } from '../config/conditioning.ts';
import { formatImage } from '../config/image_size.ts';
import { composeImage, type ImageBatch, type Picture } from '../data/index.ts';
import { composeCaptioned } from '../explore/index.ts';
import { labelsInTurn, listCheckpoints, openSampler, repeatedEach, type TrainingSession } from '../train/index.ts';
import type { ComparedRun } from './compared_run.ts';

/** Which latents the rows of a comparison are drawn from. */
export interface SideBySideOptions {
  /** Images of each run. */
  readonly count: number;
  readonly seed: number;
}

/** Rows of images of one size and number of channels. */
export interface SideBySide {
  /** Width, height and channels, such as `32x32x1`. */
  readonly format: string;
  readonly runs: readonly string[];
  readonly picture: Picture;
}

/** A row of images for each run that has a checkpoint, from its newest. All have the latents of one seed, which are the same numbers where
 *  the size and the distribution of latents are. Runs whose images differ in format get a picture each.
 *  @throws CheckpointError, ConfigError, DeviceError */
export async function drawSideBySide(
  runs: readonly Pick<ComparedRun, 'name' | 'folder'>[],
  options: SideBySideOptions,
): Promise<SideBySide[]> {
  const rows = new Map<string, { readonly caption: string; readonly pictures: Picture[] }[]>();
  for (const { name, folder } of runs) {
    if ((await listCheckpoints(folder)).length === 0) continue;
    const images = await drawRow(folder, options);
    const format = formatImage(images.shape.slice(1) as [number, number, number]);
    const pictures = Array.from({ length: options.count }, (_, i) => composeImage(images, i));
    rows.set(format, [...(rows.get(format) ?? []), { caption: name, pictures }]);
  }
  return Promise.all(
    [...rows].map(async ([format, captioned]) => ({
      format,
      runs: captioned.map(({ caption }) => caption),
      picture: await composeCaptioned({ columns: [], rows: captioned }),
    })),
  );
}

async function drawRow(folder: string, { count, seed }: SideBySideOptions): Promise<ImageBatch> {
  const session = await openSampler(folder);
  try {
    return await session.sample(await session.drawLatents(count, seed), labelsFor(session, count));
  } finally {
    session.close();
  }
}

/** Every label in turn, of a conditional run. */
function labelsFor({ model: { config } }: TrainingSession, count: number): Float32Array | undefined {
  return isConditional(config) ? repeatedEach(labelsInTurn(conditionedOn(config), count), 1) : undefined;
}
