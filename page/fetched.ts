import { useEffect, useRef, useState } from 'preact/hooks';
import type { ServerError } from './api.ts';

/** Something to fetch. */
export interface Wanted<T> {
  /** Changes whenever it is to be fetched again. */
  readonly key: string;
  readonly fetch: () => Promise<T>;
}

/** What was fetched, by name. Each is fetched again when its key changes; while one is on its way nothing more is asked for under its name, so that a
 *  fast run neither floods the server nor keeps the page from ever seeing an answer. */
export function useFetched<T>(wanted: ReadonlyMap<string, Wanted<T>>): {
  readonly values: ReadonlyMap<string, T>;
  readonly problem: string | undefined;
} {
  const [values, setValues] = useState<ReadonlyMap<string, T>>(new Map());
  const [problem, setProblem] = useState<string>();
  const latest = useRef(wanted);
  latest.current = wanted;
  const known = useRef({ isMounted: true, onTheWay: new Set<string>(), keys: new Map<string, string>() });
  const fetchNewest = (name: string): void => {
    const { onTheWay, keys } = known.current;
    const asked = latest.current.get(name);
    if (!asked || onTheWay.has(name) || keys.get(name) === asked.key) return;
    onTheWay.add(name);
    // What failed is asked for again when its key changes, not at once.
    keys.set(name, asked.key);
    asked
      .fetch()
      .then((value) => {
        setValues((before) => new Map(before).set(name, value));
        setProblem(undefined);
      })
      .catch((error: ServerError) => setProblem(error.message))
      .finally(() => {
        onTheWay.delete(name);
        if (known.current.isMounted) fetchNewest(name);
      });
  };
  useEffect(() => {
    for (const name of wanted.keys()) fetchNewest(name);
  });
  useEffect(
    () => () => {
      known.current.isMounted = false;
    },
    [],
  );
  return { values, problem };
}
