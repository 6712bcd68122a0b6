/** Edits that turn one word into the other: letters added, dropped, changed, or two neighbours swapped (optimal string
 *  alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (beforeLast[j - 2] as number) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, change, swap));
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}

/** The known name that was most likely meant; undefined if none is near. Case and `-`, `_`, `.` do not count, and one letter in
 *  three may be wrong. Of equally near names the first wins. */
export function closest(name: string, known: Iterable<string>): string | undefined {
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate));
    // A name of one or two letters is within an edit or two of anything.
    if (distance >= bestDistance || distance >= wanted.length) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** A sentence to end an error about an unknown name with: ` Did you mean 'batch'?`, or '' if nothing known is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const suggestion = closest(name, known);
  return suggestion === undefined ? '' : ` Did you mean '${suggestion}'?`;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_.]/g, '');
