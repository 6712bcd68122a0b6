import { type Io, printLine, type StopSignal } from './io.ts';

/** How a task is asked to stop: by Ctrl-C, or because its terminal has gone. */
export interface Interrupt {
  /** Aborts at the first signal; SIGINT or SIGTERM as a second one ends the process. */
  readonly signal: AbortSignal;
  /** Gives the signals their usual meaning back. */
  dispose(): void;
}

const SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Lets the user stop a task in two steps: the first signal asks it to save and stop, the second quits at once. */
export function listenForInterrupt(io: Io): Interrupt {
  const controller = new AbortController();
  const hear = (signal: StopSignal): void => {
    if (!controller.signal.aborted) {
      controller.abort();
      printLine(io.stderr, '\nSaving and stopping after this step. Ctrl-C again quits at once, without saving.');
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
