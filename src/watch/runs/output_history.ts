import { BIN_EDGES, type BinCounts } from '../../train/histogram.ts';
import { HISTOGRAMS_FILE, type HistogramsRecord } from '../../train/run/histograms.ts';
import type { OutputHistory } from '../protocol.ts';

/** Columns that are kept at most; a power of two. */
const MOST_COLUMNS = 256;

/** Sums of the histograms of some steps in a row. */
interface Column {
  readonly from: number;
  to: number;
  /** Steps that it sums up. */
  steps: number;
  readonly real: Uint32Array;
  readonly fake: Uint32Array;
}

/** The histograms of a run, line by line. However many there are, a few hundred columns of steps remain, each the sum of as many steps. */
export class FoldedHistograms {
  private kind: HistogramsRecord['kind'] = 'probability';
  private columns: Column[] = [];
  private stepsOfColumn = 1;

  clear(): void {
    this.columns = [];
    this.stepsOfColumn = 1;
  }

  /** Takes a line of histograms.jsonl; one that is damaged is passed over. Columns that reach to this step or a later one go, and so do all
   *  of another kind, which a run has that was taken up with another loss. */
  add(line: string): void {
    const record = parse(line);
    if (!record) return;
    if (record.kind !== this.kind) this.clear();
    this.kind = record.kind;
    while ((this.columns.at(-1)?.to ?? -1) >= record.step) this.columns.pop();
    const column = this.columnFor(record.step);
    column.to = record.step;
    column.steps++;
    include(column.real, record.real);
    include(column.fake, record.fake);
  }

  private columnFor(step: number): Column {
    const last = this.columns.at(-1);
    if (last && last.steps < this.stepsOfColumn) return last;
    if (this.columns.length === MOST_COLUMNS) this.halve();
    const bins = BIN_EDGES[this.kind].length - 1;
    const column = { from: step, to: step, steps: 0, real: new Uint32Array(bins), fake: new Uint32Array(bins) };
    this.columns.push(column);
    return column;
  }

  private halve(): void {
    this.stepsOfColumn *= 2;
    this.columns = this.columns.flatMap((column, i) => {
      const next = this.columns[i + 1];
      if (i % 2 === 1) return [];
      return next ? [joined(column, next)] : [column];
    });
  }

  get history(): OutputHistory {
    return {
      kind: this.kind,
      edges: BIN_EDGES[this.kind],
      columns: this.columns.map(({ from, to, real, fake }) => ({ from, to, real: trimmed(real), fake: trimmed(fake) })),
    };
  }
}

function parse(line: string): HistogramsRecord | undefined {
  try {
    return HISTOGRAMS_FILE.check(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function include(sums: Uint32Array, { first, counts }: BinCounts): void {
  for (const [i, count] of counts.entries()) sums[first + i] = (sums[first + i] as number) + count;
}

const joined = (a: Column, b: Column): Column => ({
  from: a.from,
  to: b.to,
  steps: a.steps + b.steps,
  real: a.real.map((count, i) => count + (b.real[i] as number)),
  fake: a.fake.map((count, i) => count + (b.fake[i] as number)),
});

function trimmed(sums: Uint32Array): BinCounts {
  const first = Math.max(
    0,
    sums.findIndex((count) => count > 0),
  );
  return { first, counts: [...sums.subarray(first, sums.findLastIndex((count) => count > 0) + 1)] };
}
