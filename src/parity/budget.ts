/** Raised inside a computation whose time is up; whoever gave it the budget catches it. */
export class OutOfBudget extends Error {}

/** The time that one computation may take. Work that cannot be interrupted from outside asks for itself, as often as it can. */
export class Budget {
  private deadline = Number.POSITIVE_INFINITY;

  constructor(
    readonly seconds: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Begins the time of the next computation. */
  start(): void {
    this.deadline = this.now() + 1000 * this.seconds;
  }

  /** @throws OutOfBudget once the time is up */
  readonly check = (): void => {
    if (this.now() >= this.deadline) throw new OutOfBudget(`took longer than ${this.seconds} s`);
  };
}
