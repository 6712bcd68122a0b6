/** A stream that text is written to: what the commands need of `process.stdout` and `process.stderr`. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** The signals that ask a task to stop; SIGHUP says that its terminal, or whoever read its output, has gone. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Where signals come from: what the commands need of `process`. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

/** Everything that ties a command to its process, so that tests can run commands within theirs. */
export interface Io {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signals: SignalSource;
  /** Ends the process by a signal at once, whatever it is waiting for; nothing is saved. */
  quit(signal: StopSignal): void;
}

export const printLine = (stream: TextStream, line: string): void => {
  stream.write(`${line}\n`);
};

/** One JSON value on a line of its own. */
export const printJson = (stream: TextStream, value: unknown): void => printLine(stream, JSON.stringify(value));
