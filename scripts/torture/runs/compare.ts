import type { PartOptions } from '../part.ts';
import { Random } from '../random.ts';
import { families } from './families.ts';
import { differing, outcomeOf } from './outcome.ts';
import { Workshop } from './workshop.ts';

/** A run that is about to have an accident. */
export interface Victim {
  readonly workshop: Workshop;
  /** Name of its settings in `families`. */
  readonly family: string;
  readonly folder: string;
  readonly random: Random;
}

/** What happened to a run. */
export interface Accident {
  /** How to repeat it, in words. */
  readonly told: string;
  /** What was wrong at once; empty if nothing was. */
  readonly problems: readonly string[];
}

/** As long as `seconds` last, lets a run have an accident, goes on with it, and compares what it leaves with what an unbroken run of
 *  the same settings leaves, to the bit.
 *  @param newRun makes the place for the next run */
export async function compareRuns(
  { seconds, seed, report }: PartOptions,
  haveAccident: (victim: Victim) => Promise<Accident>,
  newRun = (workshop: Workshop): string => workshop.newRun(),
): Promise<void> {
  const random = new Random(seed);
  const end = performance.now() + seconds * 1000;
  const workshop = new Workshop();
  try {
    for (let index = 0; performance.now() < end; index++) {
      const family = random.pick(Object.keys(families));
      const expected = await workshop.unbroken(family);
      const folder = newRun(workshop);
      const { told, problems } = await haveAccident({ workshop, family, folder, random });
      const { exitCode, stderr } = await workshop.goOn(family, folder);
      report.count('runs compared');
      const different =
        exitCode === 0 ? differing(outcomeOf(folder), expected) : [`goes on with ${exitCode}: ${stderr}`];
      const all = [...problems, ...different];
      if (all.length > 0) report.found(`run ${index} of seed ${seed}, ${family}, ${told}: ${all.join(', ')}`);
    }
  } finally {
    workshop.remove();
  }
}
