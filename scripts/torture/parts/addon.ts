import { uses } from '../addon/uses.ts';
import { runChild } from '../child_process.ts';
import type { PartOptions } from '../part.ts';
import { Random } from '../random.ts';

/** Uses of the addon that no honest program makes, in random order, several to a process. */
export const name = 'addon';

const USES_PER_PROCESS = 8;
const LIMIT_MS = 600_000;

export async function run({ seconds, seed, report }: PartOptions): Promise<void> {
  const random = new Random(seed);
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const chosen = Array.from({ length: USES_PER_PROCESS }, () => random.pick(Object.keys(uses)));
    const args = [String(random.bits()), ...chosen];
    const ending = await runChild('./addon/child.ts', args, LIMIT_MS);
    report.count('processes');
    report.count('hostile uses', USES_PER_PROCESS);
    if (ending.ok) continue;
    const repeat = args.map((arg) => `'${arg}'`).join(' ');
    report.found(`${ending.how}: npx tsx scripts/torture/addon/child.ts ${repeat}\n    ${ending.lastWords}`);
  }
}
