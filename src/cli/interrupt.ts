import { type Io, printLine } from './io.ts';

/** How a task is asked to stop by Ctrl-C. */
export interface Interrupt {
  /** Aborts at the first SIGINT or SIGTERM; the second ends the process. */
  readonly signal: AbortSignal;
  /** Gives the signals their usual meaning back. */
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Lets the user stop a task in two steps: the first signal asks it to save and stop, the second quits at once. */
export function listenForInterrupt(io: Io): Interrupt {
  const controller = new AbortController();
  const listener = (): void => {
    if (controller.signal.aborted) {
      io.quit();
    } else {
      controller.abort();
      printLine(io.stderr, '\nSaving and stopping after this step. Ctrl-C again quits at once, without saving.');
    }
  };
  for (const signal of SIGNALS) io.signals.on(signal, listener);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of SIGNALS) io.signals.off(signal, listener);
    },
  };
}
