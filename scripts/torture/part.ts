/** Where a part of the torture writes what it did and what broke. */
export interface Report {
  /** Adds to a figure of the table, such as `mutated programs`. */
  count(what: string, by?: number): void;
  /** The part tries nothing here. `why` names what the machine lacks. */
  skip(why: string): void;
  /** Something broke. `what` tells what happened and how to repeat it; the torture then ends with exit code 1. */
  found(what: string): void;
}

/** What a part is given. */
export interface PartOptions {
  /** How long the part may take. It stops by itself within a few seconds after that. */
  readonly seconds: number;
  /** Decides everything that is left to chance, so that a finding can be repeated. */
  readonly seed: number;
  readonly report: Report;
}

/** The exports of each module in scripts/torture/parts. A part tries to break one thing; what may end the process it does in
 *  processes of its own. */
export interface Part {
  readonly name: string;
  run(options: PartOptions): Promise<void>;
}
