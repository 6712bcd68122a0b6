import type { RunSummary } from '../protocol.ts';
import type { Columns } from './columns.ts';
import { findRuns } from './find.ts';
import { WatchedRun } from './watched_run.ts';

/** Memory for the metrics of runs whose curves were asked for; those that were asked for longest ago go first. */
const MOST_BYTES = 32 * 2 ** 20;
/** Folders looked at together. */
const AT_ONCE = 16;

/** The runs below a folder. */
export class Runs {
  readonly root: string;
  private runs = new Map<string, WatchedRun>();
  /** Least recently used first. */
  private readonly used = new Set<WatchedRun>();
  private finding: Promise<RunSummary[]> | undefined;

  constructor(root: string) {
    this.root = root;
  }

  /** The run of this id, if it was found. Nothing else that a request names becomes part of a path. */
  get(id: string): WatchedRun | undefined {
    return this.runs.get(id);
  }

  /** Looks for runs, and at each. */
  list(): Promise<RunSummary[]> {
    this.finding ??= this.find().finally(() => {
      this.finding = undefined;
    });
    return this.finding;
  }

  private async find(): Promise<RunSummary[]> {
    const ids = await findRuns(this.root);
    this.runs = new Map(ids.map((id) => [id, this.runs.get(id) ?? new WatchedRun(this.root, id)]));
    const summaries: RunSummary[] = [];
    for (let first = 0; first < ids.length; first += AT_ONCE) {
      const some = [...this.runs.values()].slice(first, first + AT_ONCE);
      summaries.push(...(await Promise.all(some.map((run) => run.summarize()))));
    }
    return summaries;
  }

  /** A run's metrics; those of others may be forgotten for them. */
  async metricsOf(run: WatchedRun): Promise<Columns> {
    this.used.delete(run);
    this.used.add(run);
    const columns = await run.readMetrics();
    let bytes = [...this.used].reduce((sum, each) => sum + each.bytes, 0);
    for (const other of this.used) {
      if (bytes <= MOST_BYTES || other === run) break;
      bytes -= other.bytes;
      other.forgetMetrics();
      this.used.delete(other);
    }
    return columns;
  }
}
