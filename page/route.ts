import { useEffect, useState } from 'preact/hooks';

/** What is shown, as the fragment of the address tells it: `#/run?id=a&axis=time`. The whole state of the view is there, so that an address can be
 *  kept, sent, and gone back to. */
export interface Route {
  /** '' for the list, `run` for one or more runs. */
  readonly view: string;
  readonly parameters: URLSearchParams;
}

const readRoute = (): Route => {
  const [view = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { view, parameters: new URLSearchParams(query) };
};

/** The address of a view. An empty or missing value leaves its parameter out. */
export function addressOf(view: string, parameters: Readonly<Record<string, Value>>): string {
  const query = new URLSearchParams();
  set(query, parameters);
  const text = query.toString();
  return `#/${view}${text && `?${text}`}`;
}

type Value = string | number | boolean | readonly string[] | undefined;

function set(query: URLSearchParams, parameters: Readonly<Record<string, Value>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    query.delete(name);
    if (Array.isArray(value)) for (const each of value) query.append(name, each);
    else if (value === true) query.set(name, '1');
    else if (value !== undefined && value !== '' && value !== false) query.set(name, String(value));
  }
}

/** Changes parameters of the present view without a new entry in the browser's history. */
export function change(parameters: Readonly<Record<string, Value>>): void {
  const { view, parameters: query } = readRoute();
  set(query, parameters);
  const text = query.toString();
  history.replaceState(null, '', `#/${view}${text && `?${text}`}`);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** The present route; the component is drawn anew when it changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const hear = (): void => setRoute(readRoute());
    addEventListener('hashchange', hear);
    return () => removeEventListener('hashchange', hear);
  }, []);
  return route;
}
