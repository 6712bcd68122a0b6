import type { Part } from './part.ts';

/** One line of the table. */
export interface Figure {
  readonly part: string;
  readonly what: string;
  readonly count: number;
}

/** What all parts did and what they found. */
export interface Outcome {
  readonly figures: readonly Figure[];
  /** Parts that tried nothing, each with the reason. */
  readonly skipped: readonly string[];
  readonly findings: readonly string[];
}

/** Runs the parts one after the other. Each gets an equal share of the time that is left; a part that throws is a finding. */
export async function runParts(
  parts: readonly Part[],
  { seconds, seed, now = () => performance.now() / 1000 }: { seconds: number; seed: number; now?: () => number },
): Promise<Outcome> {
  const figures: Figure[] = [];
  const skipped: string[] = [];
  const findings: string[] = [];
  const end = now() + seconds;
  for (const [index, { name, run }] of parts.entries()) {
    const counts = new Map<string, number>();
    const skip = (why: string) => skipped.push(`${name}: skipped, for want of ${why}`);
    const found = (what: string) => findings.push(`${name}: ${what}`);
    const count = (what: string, by = 1) => counts.set(what, (counts.get(what) ?? 0) + by);
    const share = Math.max(0, end - now()) / (parts.length - index);
    try {
      await run({ seconds: share, seed, report: { count, skip, found } });
    } catch (error) {
      found(`the part itself failed: ${(error as Error).stack ?? error}`);
    }
    figures.push(...[...counts].map(([what, count]) => ({ part: name, what, count })));
  }
  return { figures, skipped, findings };
}

/** The outcome as text: a table of figures, what was skipped, then every finding. */
export function describeOutcome({ figures, skipped, findings }: Outcome): string {
  const width = Math.max(...figures.map(({ part, what }) => part.length + what.length + 2), 0);
  const lines = figures.map(({ part, what, count }) => {
    const label = `${part}  ${what}`;
    return `${label.padEnd(width)}  ${count.toLocaleString('en').padStart(12)}`;
  });
  const verdict =
    findings.length === 0
      ? ['nothing was found']
      : [`${findings.length} found:`, ...findings.map((finding) => `  ${finding}`)];
  return [...lines, ...skipped, '', ...verdict].join('\n');
}
