/** Something whose speed is measured. */
export interface Contestant {
  /** Does the work `runs` times. @returns milliseconds of one */
  measure(runs: number): Promise<number>;
  /** What else is known once it has been measured: bytes, counts and parts of 1 by name. */
  details?(): Readonly<Record<string, number>>;
}

/** A contestant that holds a device or a process. */
export interface OpenContestant extends Contestant {
  close(): void;
}

export interface TurnOptions {
  readonly rounds: number;
  /** What a turn lasts at least: short work is repeated within it. */
  readonly turnMs: number;
}

/** Lets contestants take turns in one run, after a warm-up, since other work on a machine disturbs each in its turn. Every round
 *  begins with another one. @returns milliseconds of one run by round, for each contestant */
export async function takeTurns<Name extends string>(
  contestants: ReadonlyMap<Name, Contestant>,
  { rounds, turnMs }: TurnOptions,
): Promise<Map<Name, number[]>> {
  const order: (readonly [Name, Contestant, number])[] = [];
  for (const [name, contestant] of contestants) order.push([name, contestant, await warmUp(contestant, turnMs)]);
  const times = new Map<Name, number[]>([...contestants.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, contestant, runs] of order) times.get(name)?.push(await contestant.measure(runs));
    order.push(...order.splice(0, 1));
  }
  return times;
}

const MOST_RUNS = 1000;

/** How many runs fill a turn. The first run may be slower than any later one. */
async function warmUp(contestant: Contestant, turnMs: number): Promise<number> {
  const first = await contestant.measure(1);
  const ms = first < turnMs ? await contestant.measure(1) : first;
  return Math.max(1, Math.min(MOST_RUNS, Math.ceil(turnMs / ms)));
}
