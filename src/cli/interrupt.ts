import { type Io, printLine, type StopSignal } from './io.ts';

/** How a task is asked to stop: by Ctrl-C, or because its terminal has gone. */
export interface Interrupt {
  /** Aborts at the first signal; SIGINT or SIGTERM as a second one ends the process. */
  readonly signal: AbortSignal;
  /** Gives the signals their usual meaning back. */
  dispose(): void;
}

const SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const SAVING = 'Saving and stopping after this step. Ctrl-C again quits at once, without saving.';

/** Lets the user stop a task in two steps: the first signal asks it to save and stop, the second quits at once.
 *  @param notice what the first signal has printed */
export function listenForInterrupt(io: Io, notice: string = SAVING): Interrupt {
  const controller = new AbortController();
  const hear = (signal: StopSignal): void => {
    if (!controller.signal.aborted) {
      controller.abort();
      printLine(io.stderr, `\n${notice}`);
    } else if (signal !== 'SIGHUP') {
      // A terminal that goes away sends SIGHUP several times, and nobody who does so asks to lose anything.
      io.quit(signal);
    }
  };
  const listeners = SIGNALS.map((signal) => [signal, () => hear(signal)] as const);
  for (const [signal, listener] of listeners) io.signals.on(signal, listener);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const [signal, listener] of listeners) io.signals.off(signal, listener);
    },
  };
}

/** Runs a task that leaves nothing where it is stopped before its end. Answers undefined if it was.
 *  @throws what the task throws */
export async function runUnlessInterrupted<T>(
  io: Io,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const interrupt = listenForInterrupt(io, 'Stopping; nothing is written. Ctrl-C again quits at once.');
  try {
    return await task(interrupt.signal);
  } catch (error) {
    if (!isAbort(error, interrupt.signal)) throw error;
    return undefined;
  } finally {
    interrupt.dispose();
  }
}

/** Whether the error is what the signal's abortion makes its listeners throw. */
export const isAbort = (error: unknown, signal: AbortSignal): boolean => signal.aborted && error === signal.reason;
