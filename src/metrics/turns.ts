/** A long computation that pauses now and then, so that whoever runs it can do something else meanwhile. */
export type Pausing<T> = Generator<undefined, T, undefined>;

/** Runs a computation through. */
export function atOnce<T>(computation: Pausing<T>): T {
  for (;;) {
    const { done, value } = computation.next();
    if (done) return value;
  }
}

/** Runs a computation so that the event loop gets a turn at every pause: a bar is drawn, a signal is heard.
 *  @throws what the computation throws; the signal's reason at the next pause */
export async function inTurns<T>(computation: Pausing<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const { done, value } = computation.next();
    if (done) return value;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}
