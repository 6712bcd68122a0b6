import { conditionedOn, type DeviceKeys, isConditional } from '../../config/index.ts';
import { composeImage, encodePng } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { type Explorer, openExplorer } from '../../explore/index.ts';
import { chooseLabel, expectConditional, repeatedEach } from '../../train/index.ts';
import type { LatentInfo, LatentRequest } from '../protocol.ts';
import { NewestFirst } from './newest_first.ts';

/** An opened generator gives its memory back when it was not used for so long. */
const IDLE_MS = 5 * 60_000;

interface Opened {
  readonly key: string;
  readonly explorer: Promise<Explorer>;
}

/** Draws from the latent spaces of checkpoints, one generator open at a time, an image at a time. */
export class Studio {
  private readonly device: DeviceKeys;
  private readonly queue = new NewestFirst();
  private opened: Opened | undefined;
  private idle: NodeJS.Timeout | undefined;

  /** @param device where to draw; each run's own configuration says so unless given */
  constructor(device: DeviceKeys) {
    this.device = device;
  }

  /** What there is to know of a checkpoint's latents. @throws CheckpointError, ConfigError, DeviceError */
  describe(folder: string, step: number): Promise<Omit<LatentInfo, 'traits'>> {
    return this.queue.run(Symbol('describe'), async () => {
      const { space, session } = await this.open(folder, step);
      const { config } = session.model;
      // A generator that does not begin with a linear layer has no directions; all else works.
      const directions = await space.directions().catch((error: unknown) => {
        if (error instanceof ConfigError) return [];
        throw error;
      });
      return {
        step,
        recipe: config.recipe,
        size: space.size,
        arc: space.arc,
        origin: [...space.origin],
        directions: directions.map(({ vector, deviation }) => ({ vector: [...vector], deviation })),
        classes: isConditional(config) ? conditionedOn(config).names : [],
      };
    });
  }

  /** Latents of a seed as `gannet sample` draws them. @throws as describe */
  draw(folder: string, step: number, seed: number, count: number): Promise<number[][]> {
    return this.queue.run(Symbol('draw'), async () => {
      const { space } = await this.open(folder, step);
      return space.draw(count, seed).map((latent) => [...latent]);
    });
  }

  /** The PNG of a latent. @throws SupersededError if a newer request for the same place came first; ConfigError latents_size; as describe */
  picture(folder: string, { step, latent, class: name, place }: LatentRequest): Promise<Uint8Array> {
    return this.queue.run(`picture ${place}`, async () => {
      const { space, session } = await this.open(folder, step);
      if (latent.length !== space.size)
        throw new ConfigError(
          'latents_size',
          `this run has latents of ${space.size} numbers, but one of ${latent.length} was given`,
        );
      const label = name === undefined ? undefined : chooseLabel(expectConditional(session.model.config), name);
      const images = await session.sample(Float32Array.from(latent), label && repeatedEach([label], 1));
      return encodePng(composeImage(images, 0));
    });
  }

  /** Gives the device back. */
  close(): Promise<void> {
    return this.queue.run(Symbol('close'), () => this.release());
  }

  private async open(folder: string, step: number): Promise<Explorer> {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    const key = `${step} ${folder}`;
    if (this.opened?.key !== key) {
      await this.release();
      this.opened = { key, explorer: openExplorer(folder, { ...this.device, step, imagesAtOnce: 1 }) };
    }
    const { opened } = this;
    return (opened as Opened).explorer.catch((error: unknown) => {
      if (this.opened === opened) this.opened = undefined;
      throw error;
    });
  }

  private async release(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    clearTimeout(this.idle);
    await opened?.explorer.then((explorer) => explorer.close()).catch(() => {});
  }
}
