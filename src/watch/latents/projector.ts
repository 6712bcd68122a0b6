import type { DeviceKeys } from '../../config/index.ts';
import { openExplorer } from '../../explore/index.ts';
import { readImage } from '../../projection/images.ts';
import { type Projection, projectImages } from '../../projection/index.ts';
import { chooseLabel, expectConditional } from '../../train/index.ts';
import type { FoundLatent } from '../protocol.ts';
import { NewestFirst, SupersededError } from './newest_first.ts';

/** An image that a page has sent, and the checkpoint whose latent is searched. */
export interface ProjectionTask {
  readonly step: number;
  /** A file's content. */
  readonly image: Uint8Array;
  readonly class?: string | undefined;
  /** A newer image for the same place takes the place of this one, also while this one is searched. */
  readonly place: string;
  /** Aborted when nobody waits for the latent any more. */
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** A search was left undone because `gannet watch` ends. */
export class WatchClosedError extends Error {
  constructor() {
    super('gannet watch was closed before the latent was found. Start it again, then send the picture again.');
  }
}

/** Searches the latents of images, one image at a time, with a generator of its own: pictures are drawn meanwhile. */
export class Projector {
  private readonly device: DeviceKeys;
  private readonly queue = new NewestFirst();
  private running: { readonly place: string; readonly controller: AbortController } | undefined;
  private isClosed = false;

  constructor(device: DeviceKeys) {
    this.device = device;
  }

  /** The latent whose picture is nearest to an image.
   *  @throws SupersededError if a newer image for the same place came; WatchClosedError; DataError image_unreadable; ConfigError class_unknown,
   *  class_missing; CheckpointError; DeviceError */
  find(folder: string, task: ProjectionTask): Promise<FoundLatent> {
    if (this.running?.place === task.place) this.stop(new SupersededError());
    return this.queue.run(task.place, async () => {
      if (this.isClosed) throw new WatchClosedError();
      if (task.signal.aborted) throw new SupersededError();
      const controller = new AbortController();
      task.signal.addEventListener('abort', () => controller.abort(new SupersededError()), { once: true });
      this.running = { place: task.place, controller };
      try {
        return await this.search(folder, task, controller.signal);
      } finally {
        this.running = undefined;
      }
    });
  }

  /** Ends all searches. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.stop(new WatchClosedError());
    await this.queue.run(Symbol('close'), async () => {});
  }

  private stop(why: Error): void {
    this.running?.controller.abort(why);
  }

  private async search(
    folder: string,
    { step, image, class: name, onProgress }: ProjectionTask,
    signal: AbortSignal,
  ): Promise<FoundLatent> {
    const explorer = await openExplorer(folder, { ...this.device, step });
    try {
      const { config } = explorer.session.model;
      const labels = name === undefined ? undefined : [chooseLabel(expectConditional(config), name)];
      const images = await readImage(image, 'the picture', config);
      const [projection] = await projectImages(explorer, images, { labels, onProgress, signal });
      const { latent, label, start, distance } = projection as Projection;
      return { latent: [...latent], class: label, start, distance };
    } finally {
      explorer.close();
    }
  }
}
