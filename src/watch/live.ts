import type { RunSummary, RunsChanged } from './protocol.ts';
import type { Runs } from './runs/runs.ts';

type Listener = (change: RunsChanged) => void;

/** Looks at the runs again and again as long as somebody listens, and tells what changed. Every page shares the one watch. */
export class LiveRuns {
  private readonly runs: Runs;
  private readonly intervalMs: number;
  private readonly listeners = new Set<Listener>();
  private known = new Map<string, RunSummary>();
  private timer: NodeJS.Timeout | undefined;

  constructor(runs: Runs, intervalMs: number) {
    this.runs = runs;
    this.intervalMs = intervalMs;
  }

  get listenerCount(): number {
    return this.listeners.size;
  }

  /** Tells of every change from now on; answers how to end that. The first one that a listener hears is of all runs. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    // Where the folder cannot be read now, the next look may tell.
    void this.runs.list().then(
      (all) => this.listeners.has(listener) && listener({ changed: all, gone: [] }),
      () => {},
    );
    this.timer ??= setTimeout(() => this.look(), this.intervalMs);
    return () => {
      this.listeners.delete(listener);
    };
  }

  close(): void {
    clearTimeout(this.timer);
    this.listeners.clear();
  }

  private async look(): Promise<void> {
    const all = await this.runs.list().catch(() => undefined);
    if (all) this.tell(all);
    this.timer = this.listeners.size > 0 ? setTimeout(() => this.look(), this.intervalMs) : undefined;
  }

  private tell(all: readonly RunSummary[]): void {
    const present = new Map(all.map((run) => [run.id, run]));
    const changed = all.filter((run) => this.known.get(run.id) !== run);
    const gone = [...this.known.keys()].filter((id) => !present.has(id));
    this.known = present;
    if (changed.length > 0 || gone.length > 0) for (const listener of this.listeners) listener({ changed, gone });
  }
}
