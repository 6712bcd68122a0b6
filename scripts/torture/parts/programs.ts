import { runChild } from '../child_process.ts';
import type { PartOptions } from '../part.ts';

/** Programs of every op with a few places changed, loaded and, where they are accepted, run on the CPU device. */
export const name = 'programs';

const PROGRAMS_PER_PROCESS = 500;
const LIMIT_MS = 300_000;

export async function run({ seconds, seed, report }: PartOptions): Promise<void> {
  const end = performance.now() + seconds * 1000;
  for (let first = 0; performance.now() < end; ) {
    const { ok, how, stdout, lastWords } = await runChild(
      './programs/child.ts',
      [seed, first, PROGRAMS_PER_PROCESS].map(String),
      LIMIT_MS,
    );
    const last = Number([...stdout.matchAll(/^program (\d+)$/gm)].at(-1)?.[1] ?? first);
    report.count('mutated programs', last - first + 1);
    if (ok) {
      const figures = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, number>;
      for (const [what, count] of Object.entries(figures)) report.count(what, count);
    } else {
      report.found(`${how}: npx tsx scripts/torture/programs/child.ts ${seed} ${last} 1\n    ${lastWords}`);
    }
    first = last + 1;
  }
}
