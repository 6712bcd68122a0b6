import type { PartOptions } from '../part.ts';
import { Random } from '../random.ts';
import { families, STEPS } from '../runs/families.ts';
import { differing, outcomeOf } from '../runs/outcome.ts';
import { type Ending, Workshop } from '../runs/workshop.ts';

/** Runs killed at random moments and system calls, and taken up again, leave what unbroken ones leave, to the bit. */
export const name = 'kills';

const MOST_KILLS = 3;

/** System calls on a run's files in which a kill may fall; a run makes more, and a resumed one begins anew. */
const CALLS = 400;

export async function run({ seconds, seed, report }: PartOptions): Promise<void> {
  const random = new Random(seed);
  const end = performance.now() + seconds * 1000;
  const workshop = new Workshop();
  try {
    for (let index = 0; performance.now() < end; index++) {
      const family = random.pick(Object.keys(families));
      const expected = await workshop.unbroken(family);
      const folder = workshop.newRun();
      const told: string[] = [];
      for (let kills = 1 + random.below(MOST_KILLS); kills > 0; kills--)
        told.push(await killOnce(workshop, family, folder, random));
      report.count('kills', told.filter((how) => how !== 'ended by itself').length);
      report.count('runs compared');
      const { exitCode, stderr } = await workshop.goOn(family, folder);
      const different = exitCode === 0 ? differing(outcomeOf(folder), expected) : [`exit code ${exitCode}: ${stderr}`];
      if (different.length > 0)
        report.found(`run ${index} of seed ${seed}, ${family}, killed ${told.join(', ')}: ${different.join(', ')}`);
    }
  } finally {
    workshop.remove();
  }
}

/** Trains or goes on until a kill; tells where it was. */
async function killOnce(workshop: Workshop, family: string, folder: string, random: Random): Promise<string> {
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
