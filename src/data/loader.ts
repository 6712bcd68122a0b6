import { DataError } from '../errors.ts';
import type { Dataset } from './dataset.ts';
import { labelsOfImages, labelWidth } from './labels/labels.ts';
import { decodersInFlight, forEachConcurrently } from './parallel.ts';
import { imageElements } from './pixels.ts';
import { epochOrder } from './shuffle.ts';

/** Where a stream of batches stands: plain data for a checkpoint. */
export interface LoaderPosition {
  /** From 0. */
  readonly epoch: number;
  /** Images of this epoch that were already given out. */
  readonly index: number;
  /** The data set's count and fingerprint, to tell at a resume that the data is not what it was. */
  readonly count: number;
  readonly fingerprint: string;
}

/** One batch. Its arrays belong to the taker until `release`; without it they are left to the garbage collector. */
export interface Batch {
  /** float32 [N,H,W,C] in [-1, 1]. */
  readonly images: Float32Array;
  /** Of the images, in their order: int32 [N] for classes, [N, names.length] for attributes; only if the data set has labels.
   *  {@link labelVectors} makes of them what a network takes. */
  readonly labels?: Int32Array;
  /** The images' indices in the data set, [N]. */
  readonly indices: Uint32Array;
  readonly epoch: number;
  /** Where the stream stands after this batch: what a checkpoint written after training on it holds. */
  readonly after: LoaderPosition;
  /** Gives the arrays back for a later batch. Only once nothing reads them any more: the run they were fed to has ended. */
  release(): void;
}

/** How images become batches. */
export interface LoaderOptions {
  /** Images in each batch. */
  readonly batch: number;
  /** A non-negative safe integer: it decides the order of every epoch. */
  readonly seed: number;
  /** Whether each epoch has an order of its own (true if not given), or that of the data set. */
  readonly shuffle?: boolean | undefined;
  /** Batches decoded before they are asked for; 2 if not given. */
  readonly ahead?: number | undefined;
  /** Which of a batch's images are read, by their indices in it, ascending; all if not given. A batch then holds these only. */
  readonly rows?: readonly number[] | undefined;
  /** Goes on where another loader of the same data and seed stood. */
  readonly position?: LoaderPosition | undefined;
}

/** An endless stream of batches. An epoch visits every image once, less a last part that fills no batch. */
export interface Loader extends AsyncIterable<Batch> {
  /** Where the stream stands after the last batch taken, however many were decoded ahead. */
  readonly position: LoaderPosition;
  /** Whole batches in an epoch. */
  readonly batchesPerEpoch: number;
  /** The next batch. @throws DataError if an image became unreadable (then for ever), loader_closed after close. */
  next(): Promise<Batch>;
  /** Stops decoding, and resolves once nothing is decoded any more. Ends `for await` and rejects waiting calls of next. */
  close(): Promise<void>;
}

interface Arrays {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly indices: Uint32Array;
}

interface Waiter {
  resolve(batch: Batch): void;
  reject(error: unknown): void;
}

const DEFAULT_AHEAD = 2;

/** Numbers read before the event loop gets a turn: a millisecond or two of copying and augmenting. */
const ELEMENTS_PER_TURN = 100_000;

/** Whether `createLoader` would take these options. @throws DataError as it does */
export function checkLoaderOptions(
  dataset: Dataset,
  { batch, seed, ahead = DEFAULT_AHEAD, position }: LoaderOptions,
): void {
  if (!Number.isInteger(batch) || batch < 1) {
    throw new DataError('batch_size', `batch: expected a whole number of images from 1 on, but received ${batch}`);
  }
  if (batch > dataset.count) {
    throw new DataError(
      'batch_too_large',
      `batch: ${batch} images were asked for, but ${dataset.name} holds ${dataset.count}; take a batch of at most ${dataset.count}, or add images`,
    );
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new DataError('seed', `seed: expected a whole number from 0 to 2^53 - 1, but received ${seed}`);
  }
  if (!Number.isInteger(ahead) || ahead < 1) {
    throw new DataError('batches_ahead', `ahead: expected a whole number of batches from 1 on, but received ${ahead}`);
  }
  if (position && !isOf(position, dataset)) {
    throw new DataError(
      'data_changed',
      `${dataset.name}: the images are not those that the checkpoint was written with (${position.count} then, ${dataset.count} now` +
        `${position.count === dataset.count ? ', with other names, pixels or labels' : ''})${describeNewest(dataset)}; restore them, or start a new run`,
    );
  }
}

/** What was added or written over is among the files that changed last. */
const describeNewest = ({ newest = [] }: Dataset): string =>
  newest.length === 0 ? '' : `, the files that changed last are ${newest.join(', ')}`;

const isOf = (position: LoaderPosition, { count, fingerprint, earlierFingerprint }: Dataset): boolean =>
  position.count === count && [fingerprint, earlierFingerprint].includes(position.fingerprint);

/** Lets the event loop handle what has come up meanwhile. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class PrefetchingLoader implements Loader {
  readonly batchesPerEpoch: number;
  private readonly dataset: Dataset;
  private readonly batch: number;
  private readonly rows: readonly number[] | undefined;
  private readonly seed: number;
  private readonly shuffle: boolean;
  private readonly ahead: number;
  private readonly ready: Batch[] = [];
  private readonly waiting: Waiter[] = [];
  private readonly free: Arrays[] = [];
  private reached: LoaderPosition;
  private planned: LoaderPosition;
  private order: { readonly epoch: number; readonly indices: Uint32Array } | undefined;
  private pump: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;
  private closed = false;

  constructor(dataset: Dataset, options: LoaderOptions) {
    checkLoaderOptions(dataset, options);
    this.dataset = dataset;
    this.batch = options.batch;
    this.rows = options.rows;
    this.seed = options.seed;
    this.shuffle = options.shuffle ?? true;
    this.ahead = options.ahead ?? DEFAULT_AHEAD;
    this.batchesPerEpoch = Math.floor(dataset.count / options.batch);
    const { count, fingerprint } = dataset;
    this.reached = options.position ?? { epoch: 0, index: 0, count, fingerprint };
    this.planned = this.reached;
    this.schedule();
  }

  get position(): LoaderPosition {
    return this.reached;
  }

  next(): Promise<Batch> {
    const batch = this.ready.shift();
    if (batch) {
      this.schedule();
      return Promise.resolve(this.deliver(batch));
    }
    if (this.closed) return Promise.reject(new DataError('loader_closed', 'the stream of batches was closed'));
    if (this.failure) return Promise.reject(this.failure.error);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.schedule();
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void> {
    try {
      while (!this.closed) yield await this.next();
    } catch (error) {
      if (!this.closed) throw error;
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.ready.length = 0;
    this.rejectWaiting(new DataError('loader_closed', 'the stream of batches was closed'));
    await this.pump;
  }

  private get wanted(): boolean {
    return this.waiting.length > 0 || this.ready.length < this.ahead;
  }

  private deliver(batch: Batch): Batch {
    this.reached = batch.after;
    return batch;
  }

  private rejectWaiting(error: unknown): void {
    for (const waiter of this.waiting.splice(0)) waiter.reject(error);
  }

  /** Starts filling in a later turn of the event loop, so that whoever just took a batch starts its run first. */
  private schedule(): void {
    if (this.pump || this.closed || this.failure || !this.wanted) return;
    this.pump = nextTurn()
      .then(() => this.fill())
      .catch((error) => {
        this.failure = { error };
        this.rejectWaiting(error);
      })
      .finally(() => {
        this.pump = undefined;
        this.schedule();
      });
  }

  private async fill(): Promise<void> {
    while (!this.closed && this.wanted) {
      const batch = await this.assemble();
      if (this.closed) return;
      const waiter = this.waiting.shift();
      if (waiter) waiter.resolve(this.deliver(batch));
      else this.ready.push(batch);
    }
  }

  /** Reads the batch that follows `planned`, and moves it on. */
  private async assemble(): Promise<Batch> {
    const { count, fingerprint, labels } = this.dataset;
    const turn = this.planned.index + this.batch > count;
    const epoch = this.planned.epoch + (turn ? 1 : 0);
    const begin = turn ? 0 : this.planned.index;
    const arrays = this.free.pop() ?? this.allocate();
    const all = this.orderOf(epoch).subarray(begin, begin + this.batch);
    arrays.indices.set(this.rows?.map((row) => all[row] as number) ?? all);
    await this.read(arrays, epoch);
    if (labels) labelsOfImages(labels, arrays.indices, arrays.labels);
    this.planned = { epoch, index: begin + this.batch, count, fingerprint };
    let released = false;
    return {
      images: arrays.images,
      indices: arrays.indices,
      ...(labels && { labels: arrays.labels }),
      epoch,
      after: this.planned,
      release: () => {
        if (!released) this.free.push(arrays);
        released = true;
      },
    };
  }

  private async read({ images, indices }: Arrays, epoch: number): Promise<void> {
    const elements = imageElements(this.dataset);
    const imagesPerTurn = Math.max(1, Math.floor(ELEMENTS_PER_TURN / elements));
    let turn: Promise<void> | undefined;
    await forEachConcurrently(indices.length, decodersInFlight(), async (i) => {
      if (i > 0 && i % imagesPerTurn === 0) turn = nextTurn();
      await turn;
      await this.dataset.read(indices[i] as number, images, i * elements, epoch);
    });
  }

  private orderOf(epoch: number): Uint32Array {
    if (this.order?.epoch !== epoch) {
      const { count } = this.dataset;
      const indices = this.shuffle
        ? epochOrder(this.seed, epoch, count)
        : Uint32Array.from({ length: count }, (_, index) => index);
      this.order = { epoch, indices };
    }
    return this.order.indices;
  }

  private allocate(): Arrays {
    const count = this.rows?.length ?? this.batch;
    return {
      images: new Float32Array(count * imageElements(this.dataset)),
      labels: new Int32Array(this.dataset.labels ? count * labelWidth(this.dataset.labels) : 0),
      indices: new Uint32Array(count),
    };
  }
}

/** An endless, seeded stream of batches, decoded ahead of the trainer. The order depends on (seed, epoch) alone, so a loader
 *  made with another's `position` goes on with the same images to the bit.
 *  @throws DataError batch_size, batch_too_large, seed, batches_ahead, data_changed. */
export const createLoader = (dataset: Dataset, options: LoaderOptions): Loader =>
  new PrefetchingLoader(dataset, options);
