import type { Dataset } from '../../data/dataset.ts';
import { type Batch, createLoader, type LoaderPosition } from '../../data/loader.ts';
import { DivergedError } from '../../errors.ts';
import type { TrainEvent } from '../loop.ts';
import type { TrainingSession } from '../session.ts';
import { COMMANDS, ENDS, otherRankFailed, type ProcessGroup, whyStopped } from './process_group.ts';

/** What a rank other than 0 trains with. */
export interface FollowOptions {
  readonly session: TrainingSession;
  readonly dataset: Dataset;
  readonly group: ProcessGroup;
  /** The step that rank 0 goes on from. */
  readonly step: number;
  readonly position?: LoaderPosition | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Trains as rank 0 says, until it says that the training has ended; writes nothing.
 *  @throws DataError if its images cannot be read; DeviceError rank_failed if another rank cannot go on;
 *  DivergedError if rank 0 found a NaN or an infinity */
export async function* follow(options: FollowOptions): AsyncGenerator<TrainEvent, void> {
  const { session, dataset, group, position, signal } = options;
  const { batch, seed } = session.model.config;
  const loader = createLoader(dataset, { batch, seed, position, rows: group.rows });
  let { step } = options;
  try {
    await group.begin(session);
    for (;;) {
      // Read before the others wait for it in the middle of a step.
      const read = await readBatches(session, loader, step + 1);
      const stop = signal?.aborted ?? false;
      for (;;) {
        const told = await group.tell({ command: COMMANDS.none, stop, failed: 'error' in read });
        const [first] = told as [(typeof told)[0]];
        if (first.command === COMMANDS.synchronize) await group.synchronize(session);
        if (first.command === COMMANDS.end) {
          group.ranks.end();
          const reason = ENDS[first.how];
          if (reason === 'diverged') throw new DivergedError('diverged', whyStopped(0, told.length));
          if (reason === undefined || reason === 'failed') throw otherRankFailed(0, told.length);
          yield { type: 'end', step, reason, skipped: '' };
          return;
        }
        if (first.command !== COMMANDS.step) continue;
        // A batch that cannot be read matters only once it is to be trained with.
        const failed = told.findIndex((message) => message.failed);
        if (failed < 0) break;
        group.ranks.end();
        throw 'error' in read ? read.error : otherRankFailed(failed, told.length);
      }
      const { batches = [] } = read as { batches: Batch[] };
      await group.together(session.step(step + 1, batches, { fetch: false }));
      for (const { release } of batches) release();
      step++;
    }
  } finally {
    await loader.close();
  }
}

async function readBatches(
  session: TrainingSession,
  loader: { next(): Promise<Batch> },
  step: number,
): Promise<{ batches: Batch[] } | { error: unknown }> {
  const batches: Batch[] = [];
  try {
    for (let i = 0; i < session.batchesIn(step); i++) batches.push(await loader.next());
    return { batches };
  } catch (error) {
    return { error };
  }
}
