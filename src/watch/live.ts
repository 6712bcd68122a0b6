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

  /** Tells of all runs and of every change from now on; answers how to end that. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    void this.tellWhole(listener);
    this.timer ??= setTimeout(() => this.look(), this.intervalMs);
    return () => {
      this.listeners.delete(listener);
    };
  }

  close(): void {
    clearTimeout(this.timer);
    this.listeners.clear();
  }

  /** A folder that cannot be read now is tried again. */
  private async tellWhole(listener: Listener): Promise<void> {
    const all = await this.runs.list().catch(() => undefined);
    if (!this.listeners.has(listener)) return;
    if (all) listener({ isWhole: true, changed: all, gone: [] });
    else setTimeout(() => this.tellWhole(listener), this.intervalMs);
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
    if (changed.length > 0 || gone.length > 0)
      for (const listener of this.listeners) listener({ isWhole: false, changed, gone });
  }
}
