import { joinRanks, type Ranks } from '../device/index.ts';
import type { Context } from './context.ts';
import type { Io } from './io.ts';
import { reportError } from './report_error.ts';

/** Runs a task together with the processes that mpirun or srun has started beside this one, if it has. Only rank 0's output is shown.
 *  Where the task fails on one rank and the others do not know, all are ended with what happened. Returns the exit code, also that of an
 *  error of the task, which is reported before any rank leaves: mpirun kills the others as soon as one has exited with an error.
 *  @throws DeviceError mpi_unavailable, mpi_failed, ranks_apart; without other processes, what the task throws */
export async function withRanks(
  { io }: Context,
  { json }: { readonly json: boolean },
  task: (ranks: Ranks | undefined, io: Io) => Promise<number>,
): Promise<number> {
  const ranks = joinRanks(io.environment);
  if (!ranks) return task(undefined, io);
  try {
    const code = await task(ranks, ranks.rank === 0 ? io : withoutOutput(io));
    if (!ranks.haveEnded) ranks.abort('it was stopped before the first step');
    return code;
  } catch (error) {
    if (!ranks.haveEnded) ranks.abort((error as Error).message);
    return reportError(error, io, { json });
  } finally {
    ranks.leave();
  }
}

const withoutOutput = (io: Io): Io => ({ ...io, stdout: { write: () => true }, stderr: { write: () => true } });

/** Whether a process is to do what only one of those that train together may do. */
export const isFirst = (ranks: Ranks | undefined): boolean => ranks === undefined || ranks.rank === 0;
