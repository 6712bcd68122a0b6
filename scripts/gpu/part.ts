/** A program that a stage runs, and what becomes of it. */
export interface Part {
  /** Told apart within the stage; names the files of its output. */
  readonly name: string;
  /** What to run; a reason in place of it where it cannot be run here. */
  readonly command: () => Command | Missing;
  readonly environment?: Readonly<Record<string, string>>;
  /** Seconds after which it is stopped. */
  readonly limitS: number;
  /** How its output is named: `.txt` if not given. */
  readonly extension?: 'txt' | 'jsonl' | 'csv';
  /** Done once it has ended, however it did. */
  readonly after?: () => void | Promise<void>;
  /** A few words for the table on what it found; '' for nothing. */
  readonly note?: (output: string) => string;
}

/** A program with its arguments. */
export type Command = readonly [string, ...string[]];

/** Why a part cannot run. */
export interface Missing {
  readonly missing: string;
}

/** How a part ended: well, with a wrong number or an error, by its time limit, or not at all for want of something or of time. */
export type Outcome = 'ok' | 'failed' | 'stopped' | 'not here' | 'no time';

/** What became of a part. */
export interface Result {
  readonly stage: string;
  readonly part: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** What it found, or why it did not end well. */
  readonly note: string;
  /** Its output, relative to the folder of results; '' if it did not run. */
  readonly file: string;
}

/** Several parts about one subject. */
export interface Stage {
  /** A letter, for the command line. */
  readonly name: string;
  readonly title: string;
  /** What it takes of the time of all stages, in proportion to the others. */
  readonly weight: number;
  /** Whether its parts tell something where the device is missing too. */
  readonly withoutDevice?: boolean;
  /** Asked for each when its turn comes, so that a part may depend on what those before it wrote. */
  parts(setting: Setting): Iterable<Part>;
}

/** What stages are run on, and where results go. */
export interface Setting {
  readonly device: 'cuda' | 'simt';
  /** The folder of this stage's results. */
  readonly folder: string;
}
