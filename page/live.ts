import { useEffect, useState } from 'preact/hooks';
import type { RunSummary, RunsChanged } from '../src/watch/protocol.ts';

/** All runs as they are at this moment. */
export interface LiveState {
  /** Undefined until the server has told of them. */
  readonly runs: ReadonlyMap<string, RunSummary> | undefined;
  readonly connection: Connection;
}

/** `broken` is tried again by the browser; `refused` is not: the server is another one, whose address has another token. */
export type Connection = 'live' | 'broken' | 'refused';

/** Keeps the one stream of events of the page open, and what it has told. The browser opens it again by itself when it breaks. */
export function useLiveRuns(): LiveState {
  const [state, setState] = useState<LiveState>({ runs: undefined, connection: 'live' });
  useEffect(() => {
    const stream = new EventSource('api/events');
    stream.addEventListener('runs', (event) => {
      const { isWhole, changed, gone } = JSON.parse(event.data) as RunsChanged;
      setState(({ runs }) => {
        const next = new Map(isWhole ? undefined : runs);
        for (const run of changed) next.set(run.id, run);
        for (const id of gone) next.delete(id);
        return { runs: next, connection: 'live' };
      });
    });
    const tell = (connection: Connection): void => setState((before) => ({ ...before, connection }));
    stream.onopen = () => tell('live');
    stream.onerror = () => tell(stream.readyState === EventSource.CLOSED ? 'refused' : 'broken');
    return () => stream.close();
  }, []);
  return state;
}
