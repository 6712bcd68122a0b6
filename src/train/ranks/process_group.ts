import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '../../config/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { Device, Executable, Ranks } from '../../device/index.ts';
import { ConfigError, DeviceError } from '../../errors.ts';
import type { Share } from '../../graph/ranks/layout.ts';
import { allReduceSum } from '../../ops/all_reduce.ts';
import { assign } from '../../ops/index.ts';
import { packageVersion } from '../../package.ts';
import { elements } from '../../tensor/shape.ts';
import { feed, read, trace } from '../../tensor/trace.ts';
import type { Variable } from '../../tensor/variable.ts';
import type { Prepared } from '../prepare.ts';
import { NO_PROGRESS } from '../progress.ts';
import { shellWord } from '../run/shell.ts';
import type { TrainingSession } from '../session.ts';

/** How long the watches of ranks may need to notice one whose process has ended. */
const WATCH_MS = 2000;

/** Numbers that each rank tells the others at once: as many as a hash has pieces of 16 bits. */
const WORDS = 16;

/** What rank 0 tells the others to do next. */
export const COMMANDS = { none: 0, step: 1, synchronize: 2, end: 3 } as const;

/** How a training of several ranks ended. */
export const ENDS = ['finished', 'interrupted', 'collapsed', 'diverged', 'failed'] as const;

/** What a rank tells the others between two steps. */
export interface Message {
  readonly command: (typeof COMMANDS)[keyof typeof COMMANDS];
  /** With `end`: index of ENDS. */
  readonly how?: number;
  /** Whether it was asked to save and stop. */
  readonly stop?: boolean;
  /** Whether it cannot go on. */
  readonly failed?: boolean;
  /** The step of the newest checkpoint; 0 where there is none. */
  readonly saved?: number;
}

/** The processes that train one run together. They speak through programs of their devices, so that everything that passes between
 *  them has one order. */
export class ProcessGroup {
  readonly ranks: Ranks;
  readonly share: Share;
  /** Images of all ranks together. */
  private readonly batch: number;
  private readonly device: Device;
  private readonly exchanging: Executable;
  private folder = '';
  private advised = 0;

  private constructor(ranks: Ranks, share: Share, batch: number, device: Device, exchanging: Executable) {
    this.ranks = ranks;
    this.share = share;
    this.batch = batch;
    this.device = device;
    this.exchanging = exchanging;
  }

  /** The group of ranks that are to train with the same settings and images, from the same place on.
   *  @throws ConfigError ranks_indivisible, ranks_device, ranks_differ */
  static async of(
    ranks: Ranks,
    { config, dataset, device }: Prepared,
    start: object = NO_PROGRESS,
  ): Promise<ProcessGroup> {
    const group = await ProcessGroup.open(ranks, config, device);
    await group.expectAgreement(config, dataset, start);
    return group;
  }

  private static async open(ranks: Ranks, config: Config, device: Device): Promise<ProcessGroup> {
    const share = shareOf(config, ranks);
    ranks.begin();
    const shape = [ranks.ranks, WORDS];
    const exchanging = await device.load(trace('exchange', () => ({ all: allReduceSum(feed('own', shape)) })));
    return new ProcessGroup(ranks, share, config.batch, device, exchanging);
  }

  /** Images of a batch that this rank trains with. */
  private get count(): number {
    return this.batch / this.ranks.ranks;
  }

  get isFirst(): boolean {
    return this.ranks.rank === 0;
  }

  /** Which images of a batch this rank trains with, by their indices in it. */
  get rows(): readonly number[] {
    const { rank, ranks } = this.ranks;
    const own = this.share.block / ranks;
    return Array.from({ length: this.count }, (_, i) => {
      const block = Math.floor(i / own);
      return block * this.share.block + rank * own + (i % own);
    });
  }

  /** Tells the others a message and hears theirs, by rank. */
  async tell({ command, how = 0, stop = false, failed = false, saved = 0 }: Message): Promise<Required<Message>[]> {
    const all = await this.exchange([command, how, Number(stop), Number(failed), saved]);
    const messages = all.map(([c, h, s, f, step]) => ({
      command: c as Message['command'],
      how: h as number,
      stop: s === 1,
      failed: f === 1,
      saved: step as number,
    }));
    this.advise((messages[0] as Required<Message>).saved);
    return messages;
  }

  /** Begins a run of all ranks with rank 0's variables. Each rank must call it. @param folder the run's; rank 0 tells it the others */
  async begin(session: TrainingSession, folder = ''): Promise<void> {
    this.folder = await this.tellText(folder);
    await this.synchronize(session);
  }

  /** Waits for what all ranks do together. Where it fails on this one, the others wait in the middle of it: all are ended. */
  async together<T>(work: Promise<T>): Promise<T> {
    return work.catch(async (error: Error) => {
      // NCCL may notice a dead rank before the ranks' watches do, which know its name.
      if (error instanceof DeviceError && error.code === 'nccl_failed') await setTimeout(WATCH_MS);
      return this.ranks.abort(error.message);
    });
  }

  /** Rank 0's text, on every rank. */
  private async tellText(text: string): Promise<string> {
    const [[length = 0] = []] = await this.exchange([text.length]);
    let whole = '';
    while (whole.length < length) {
      const words = Array.from(text.slice(whole.length, whole.length + WORDS), (_, i) =>
        text.charCodeAt(whole.length + i),
      );
      const [first = []] = await this.exchange(words);
      whole += String.fromCharCode(...first.slice(0, length - whole.length));
    }
    return whole;
  }

  /** What is said where a rank dies or hangs. */
  private advise(saved: number): void {
    if (saved === this.advised) return;
    this.advised = saved;
    this.ranks.advise(
      `The last good checkpoint is that of step ${saved}. Go on from it: ${this.ranks.commandFor(`resume ${shellWord(this.folder)}`)}`,
    );
  }

  /** Refuses ranks that would train with other settings or images than rank 0. @throws ConfigError ranks_differ */
  private async expectAgreement(config: Config, dataset: Dataset, start: object): Promise<void> {
    const subjects = {
      version: packageVersion(),
      settings: settingsOf(config),
      images: [dataset.count, dataset.fingerprint],
      'place to go on from': start,
    };
    for (const [subject, value] of Object.entries(subjects)) {
      const all = (await this.exchange(hashWords(value))).map(String);
      const other = all.findIndex((words) => words !== all[0]);
      if (other < 0) continue;
      this.ranks.end();
      throw new ConfigError(
        'ranks_differ',
        `rank ${other} of ${all.length} has another ${subject} than rank 0. Start all with the same command, the same version of gannet and the same images (${dataset.name} has ${dataset.count} on rank ${this.ranks.rank})`,
      );
    }
  }

  /** Gives every rank rank 0's variables. Each rank must call it. */
  async synchronize(session: TrainingSession): Promise<void> {
    for (const variable of session.variables) {
      if (!this.isFirst) await session.write(variable, zerosOf(variable));
      const executable = await this.device.load(
        trace('take over', () => {
          assign(variable, allReduceSum(read(variable)));
          return {};
        }),
      );
      await this.device.run([{ executable }]);
      executable.release();
    }
  }

  private async exchange(words: readonly number[]): Promise<number[][]> {
    const { rank, ranks } = this.ranks;
    const own = new Float32Array(ranks * WORDS);
    own.set(words, rank * WORDS);
    const { outputs } = await this.device.run([{ executable: this.exchanging, feeds: { own }, fetch: true }]);
    const all = outputs[0]?.all as Float32Array;
    return Array.from({ length: ranks }, (_, i) => [...all.subarray(i * WORDS, (i + 1) * WORDS)]);
  }
}

const zerosOf = ({ dtype, shape }: Variable): Float32Array | Int32Array =>
  dtype === 'int32' ? new Int32Array(elements(shape)) : new Float32Array(elements(shape));

/** How a batch is shared out. @throws ConfigError ranks_indivisible */
export function shareOf({ batch, accumulation }: Config, { rank, ranks }: Pick<Ranks, 'rank' | 'ranks'>): Share {
  const block = batch / accumulation;
  if (block % ranks === 0) return { rank, ranks, block };
  const parts = accumulation > 1 ? ` in ${accumulation} parts` : '';
  throw new ConfigError(
    'ranks_indivisible',
    `batch: ${batch} images${parts} cannot be shared out evenly among ${ranks} processes. It is the batch of all of them together; choose a multiple of ${ranks * accumulation}`,
  );
}

/** The settings that decide what is computed; where and how fast may differ. */
function settingsOf({ data: _, labelFile: __, device: ___, threads: ____, extractor, ...config }: Config): unknown {
  return { ...config, extractor: { ...extractor, file: undefined } };
}

function hashWords(value: unknown): number[] {
  const hash = createHash('sha256').update(JSON.stringify(value)).digest();
  return Array.from({ length: WORDS }, (_, i) => hash.readUInt16LE(2 * i));
}

/** The error of a rank that ends because another one cannot go on. */
export const otherRankFailed = (rank: number, ranks: number, saved = ''): DeviceError =>
  new DeviceError('rank_failed', `${whyStopped(rank, ranks)} ${saved}`.trim());

/** Why a rank ends that could go on itself. */
export const whyStopped = (rank: number, ranks: number): string =>
  `rank ${rank} of ${ranks} cannot go on, and says itself why; the others have stopped.`;
