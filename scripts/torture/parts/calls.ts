import { constants } from 'node:os';
import type { PartOptions } from '../part.ts';
import { compareRuns } from '../runs/compare.ts';
import type { Ending } from '../runs/workshop.ts';

/** Runs of which one system call fails, as on a full or broken disk, end with an error that says so, and go on to what unbroken ones
 *  leave, to the bit. */
export const name = 'calls';

const { ENOSPC, EDQUOT, EIO, EACCES, EROFS, EMFILE } = constants.errno;
const FAILURES = [ENOSPC, EDQUOT, EIO, EACCES, EROFS, EMFILE];
const CALLS = 400;

export const run = (options: PartOptions): Promise<void> =>
  compareRuns(options, async ({ workshop, family, folder, random }) => {
    const fault = { at: 1 + random.below(CALLS), errno: random.pick(FAILURES) };
    const ending = await workshop.train(family, folder, fault);
    options.report.count('failing calls');
    options.report.count('runs ended by them', ending.exitCode === 0 ? 0 : 1);
    return { told: `call ${fault.at} fails with ${fault.errno}`, problems: problemsOf(ending) };
  });

/** A command may do without a call, or end with an error that gannet knows. */
function problemsOf({ exitCode, signal, error, stderr }: Ending): string[] {
  if (exitCode === 0) return [];
  if (exitCode === 1 && error !== undefined && error !== 'unforeseen') return [];
  return [`ends with ${signal ?? exitCode} and error ${error}: ${stderr}`];
}
