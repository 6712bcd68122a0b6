import { useEffect, useState } from 'preact/hooks';
import type { RunSummary, RunsChanged } from '../src/watch/protocol.ts';

/** All runs as they are at this moment. */
export interface LiveState {
  /** Undefined until the server has told of them. */
  readonly runs: ReadonlyMap<string, RunSummary> | undefined;
  readonly connected: boolean;
}

/** Keeps the one stream of events of the page open, and what it has told. The browser opens it again by itself when it breaks. */
export function useLiveRuns(): LiveState {
  const [state, setState] = useState<LiveState>({ runs: undefined, connected: true });
  useEffect(() => {
    const stream = new EventSource('api/events');
    // The first event of a connection tells of all runs, so that one that went while there was none is not kept.
    let isFirst = true;
    stream.addEventListener('runs', (event) => {
      const { changed, gone } = JSON.parse(event.data) as RunsChanged;
      const isOfAll = isFirst;
      isFirst = false;
      setState(({ runs }) => {
        const next = new Map(isOfAll ? undefined : runs);
        for (const run of changed) next.set(run.id, run);
        for (const id of gone) next.delete(id);
        return { runs: next, connected: true };
      });
    });
    stream.onopen = () => {
      isFirst = true;
      setState((before) => ({ ...before, connected: true }));
    };
    stream.onerror = () => setState((before) => ({ ...before, connected: false }));
    return () => stream.close();
  }, []);
  return state;
}
