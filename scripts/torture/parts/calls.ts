import { constants } from 'node:os';
import type { PartOptions } from '../part.ts';
import { Random } from '../random.ts';
import { families } from '../runs/families.ts';
import { differing, outcomeOf } from '../runs/outcome.ts';
import { type Ending, Workshop } from '../runs/workshop.ts';

/** Runs of which one system call fails, as on a full or broken disk, end with an error that says so, and go on to what unbroken ones
 *  leave, to the bit. */
export const name = 'calls';

const { ENOSPC, EDQUOT, EIO, EACCES, EROFS, EMFILE } = constants.errno;
const FAILURES = [ENOSPC, EDQUOT, EIO, EACCES, EROFS, EMFILE];
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
      const fault = { at: 1 + random.below(CALLS), errno: random.pick(FAILURES) };
      const ending = await workshop.train(family, folder, fault);
      const again = await workshop.goOn(family, folder);
      report.count('failing calls');
      report.count('runs ended by them', ending.exitCode === 0 ? 0 : 1);
      const problems = [
        ...problemsOf(ending),
        ...(again.exitCode === 0
          ? differing(outcomeOf(folder), expected)
          : [`goes on with ${again.exitCode}: ${again.stderr}`]),
      ];
      if (problems.length > 0)
        report.found(
          `run ${index} of seed ${seed}, ${family}, call ${fault.at} fails with ${fault.errno}: ${problems.join(', ')}`,
        );
    }
  } finally {
    workshop.remove();
  }
}

/** A command may do without a call, or end with an error that gannet knows. */
function problemsOf({ exitCode, signal, error, stderr }: Ending): string[] {
  if (exitCode === 0) return [];
  if (exitCode === 1 && error !== undefined && error !== 'unforeseen') return [];
  return [`ends with ${signal ?? exitCode} and error ${error}: ${stderr}`];
}
