import type { PartOptions } from '../part.ts';
import { compareRuns, type Victim } from '../runs/compare.ts';
import { STEPS } from '../runs/families.ts';
import type { Ending } from '../runs/workshop.ts';

/** Runs killed at random moments and system calls, and taken up again, leave what unbroken ones leave, to the bit. */
export const name = 'kills';

const MOST_KILLS = 3;

/** System calls on a run's files in which a kill may fall; a run makes more, and a resumed one begins anew. */
const CALLS = 400;

export const run = (options: PartOptions): Promise<void> =>
  compareRuns(options, async (victim) => {
    const told: string[] = [];
    for (let kills = 1 + victim.random.below(MOST_KILLS); kills > 0; kills--) told.push(await killOnce(victim));
    options.report.count('kills', told.filter((how) => how !== 'ended by itself').length);
    return { told: `killed ${told.join(', ')}`, problems: [] };
  });

/** Trains or goes on until a kill; tells where it was. */
async function killOnce({ workshop, family, folder, random }: Victim): Promise<string> {
  const isCall = random.below(2) === 0;
  const at = 1 + random.below(isCall ? CALLS : STEPS);
  const errno = -random.below(2);
  const delayMs = random.below(20);
  const fault = isCall ? { at, errno } : undefined;
  const where = isCall ? `${errno === 0 ? 'before' : 'after'} call ${at}` : `${delayMs} ms after step ${at}`;
  const ending = await workshop.goOn(family, folder, fault, (step, kill) => {
    if (!isCall && step >= at) setTimeout(kill, delayMs);
  });
  return wasKilled(ending) ? where : 'ended by itself';
}

const wasKilled = ({ signal }: Ending): boolean => signal === 'SIGKILL';
