import { FEWEST_ROUNDS } from './statistics.ts';

/** Something whose speed is measured. */
export interface Contestant {
  /** Does the work `runs` times. @returns milliseconds of one */
  measure(runs: number): Promise<number>;
  /** What else is known once it has been measured: bytes, counts and parts of 1 by name. */
  details?(): Readonly<Record<string, number>>;
  /** The forms that it was tried in, where it could do the work in several: the fastest is measured. */
  forms?(): readonly TriedForm[];
}

/** A form that work was made ready in. */
export interface TriedForm {
  readonly name: string;
  /** Milliseconds of a run when it was made ready; absent where it could not be. */
  readonly ms?: number;
  /** Why it could not be. */
  readonly problem?: string;
}

/** A contestant that holds a device or a process. */
export interface OpenContestant extends Contestant {
  /** What a run took when it was made ready, if it needs no further warm-up. */
  readonly warmMs?: number;
  close(): void;
}

export interface TurnOptions {
  /** At most. */
  readonly rounds: number;
  /** What a turn lasts at least: short work is repeated within it. */
  readonly turnMs: number;
  /** Rounds end once the turns together have taken as long, but there are never fewer than FEWEST_ROUNDS. */
  readonly budgetMs: number;
}

/** Lets contestants take turns in one run, after a warm-up, since other work on a machine disturbs each in its turn. Every round
 *  begins with another one. Where work is repeated in a turn, half as many runs come first that do not count: threads that slept during the
 *  others' turns are slow to wake. @returns milliseconds of one run by round, for each contestant */
export async function takeTurns<Name extends string>(
  contestants: ReadonlyMap<Name, Contestant & Pick<OpenContestant, 'warmMs'>>,
  { rounds, turnMs, budgetMs }: TurnOptions,
): Promise<Map<Name, number[]>> {
  const order: {
    readonly contestant: Contestant;
    readonly runs: number;
    readonly lead: number;
    readonly times: number[];
  }[] = [];
  const times = new Map<Name, number[]>();
  for (const [name, contestant] of contestants) {
    const ms = contestant.warmMs ?? (await warmUp(contestant, turnMs));
    const runs = Math.max(1, Math.min(MOST_RUNS, Math.ceil(turnMs / ms)));
    times.set(name, []);
    order.push({ contestant, runs, lead: Math.floor(runs / 2), times: times.get(name) as number[] });
  }
  let spentMs = 0;
  for (let round = 0; round < rounds && (round < FEWEST_ROUNDS || spentMs < budgetMs); round++) {
    for (const { contestant, runs, lead, times } of order) {
      if (lead > 0) await contestant.measure(lead);
      const ms = await contestant.measure(runs);
      times.push(ms);
      spentMs += (lead + runs) * ms;
    }
    order.push(...order.splice(0, 1));
  }
  return times;
}

const MOST_RUNS = 1000;

/** What a run takes. The first may be slower than any later one. */
async function warmUp(contestant: Contestant, turnMs: number): Promise<number> {
  const first = await contestant.measure(1);
  return first < turnMs ? contestant.measure(1) : first;
}
