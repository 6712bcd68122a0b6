import { useEffect } from 'preact/hooks';
import { type Connection, useLiveRuns } from './live.ts';
import { addressOf, useRoute } from './route.ts';
import { RunList } from './run_list.tsx';
import { RunPage } from './run_page.tsx';

const CONNECTION_TEXTS: Readonly<Record<Connection, string>> = {
  live: 'live',
  broken: 'gannet watch does not answer; trying again',
  refused: 'gannet watch was started anew; open the address that it prints',
};

/** The whole page: a bar at the top, and below it the list or what was opened from it. */
export function App() {
  const { runs, connection } = useLiveRuns();
  const { view, parameters } = useRoute();
  const ids = view === 'run' ? parameters.getAll('id') : [];
  const title = ids.length === 1 ? `${ids[0]} - gannet` : 'gannet';
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <>
      <header class="bar">
        <a class="brand" href={addressOf('', {})}>
          <img src="icon.svg" alt="" width="24" height="24" />
          gannet
        </a>
        <span class={connection === 'live' ? 'link' : 'link broken'} role="status">
          {CONNECTION_TEXTS[connection]}
        </span>
      </header>
      <main>
        {runs === undefined ? (
          <p class="empty">Looking for runs...</p>
        ) : ids.length > 0 ? (
          <RunPage key={ids.join('\n')} ids={ids} runs={runs} />
        ) : (
          <RunList runs={[...runs.values()]} parameters={parameters} />
        )}
      </main>
    </>
  );
}
