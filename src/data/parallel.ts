import { availableParallelism } from 'node:os';

/** Node's own pool has four threads; more decodes in flight would only queue behind each other and hold memory. */
const POOL_THREADS = 4;

/** How many images are worth decoding at once on this machine. */
export const decodersInFlight = (): number => Math.min(availableParallelism(), POOL_THREADS);

/** Runs `task(0) .. task(count - 1)`, at most `workers` at a time. Rejects with the first failure, once nothing runs any more. */
export async function forEachConcurrently(
  count: number,
  workers: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const work = async () => {
    while (next < count && !failed) {
      try {
        await task(next++);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(workers, count) }, work));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}
