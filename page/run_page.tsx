import type { RunDetail, RunSummary } from '../src/watch/protocol.ts';
import { fetchRun } from './api.ts';
import { Controls } from './controls.tsx';
import { Curves } from './curves.tsx';
import { useFetched } from './fetched.ts';
import { count, duration, shortCount } from './format.ts';
import { Health } from './health.tsx';
import { Latents } from './latents/latents.tsx';
import { colourOf } from './palette.ts';
import { Progress, State, Tabs } from './parts.tsx';
import { addressOf, change, useRoute } from './route.ts';
import { Samples } from './samples.tsx';
import { Settings } from './settings.tsx';

type Tab = 'curves' | 'samples' | 'latents' | 'health' | 'settings';

/** One run, or several beside each other. */
export function RunPage({ ids, runs }: { ids: readonly string[]; runs: ReadonlyMap<string, RunSummary> }) {
  const { parameters } = useRoute();
  const present = ids.flatMap((id) => runs.get(id) ?? []);
  const { details, problem } = useDetails(present);
  const tabs: Partial<Record<Tab, string>> = {
    curves: 'Curves',
    samples: 'Samples',
    ...(ids.length === 1 && { latents: 'Latents', health: 'Health' }),
    settings: ids.length > 1 ? 'Differences' : 'Settings',
  };
  const asked = parameters.get('tab') as Tab | null;
  const tab: Tab = asked !== null && tabs[asked] !== undefined ? asked : 'curves';
  const missing = ids.filter((id) => !runs.has(id));
  return (
    <>
      {present.length === 1 ? <Heading run={present[0] as RunSummary} /> : <Compared runs={present} />}
      {missing.length > 0 && <p class="problem">Not in the folder any more: {missing.join(', ')}</p>}
      {problem && <p class="problem">{problem}</p>}
      <Tabs
        value={tab}
        tabs={tabs as Record<Tab, string>}
        choose={(name) => change({ tab: name === 'curves' ? '' : name })}
      />
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {details.length === 0 ? null : tab === 'curves' ? (
          <Curves details={details} runs={runs} parameters={parameters} />
        ) : tab === 'samples' ? (
          <Samples details={details} parameters={parameters} />
        ) : tab === 'latents' ? (
          <Latents detail={details[0] as RunDetail} parameters={parameters} />
        ) : tab === 'settings' ? (
          <Settings details={details} />
        ) : (
          <Health detail={details[0] as RunDetail} runs={runs} parameters={parameters} />
        )}
      </div>
    </>
  );
}

/** What the runs' folders hold, read again whenever the stream of events says that one has changed. */
function useDetails(runs: readonly RunSummary[]): { details: readonly RunDetail[]; problem: string | undefined } {
  const wanted = runs.map(({ id, version }) => [id, { key: version, fetch: () => fetchRun(id) }] as const);
  const { values, problem } = useFetched(new Map(wanted));
  return { details: runs.flatMap(({ id }) => values.get(id) ?? []), problem };
}

function Heading({ run }: { run: RunSummary }) {
  const { id, recipe, data, step, steps, imagesPerSecond, remainingMs, elapsedMs, detail } = run;
  return (
    <div class="heading">
      <div>
        <a class="back" href={addressOf('', {})}>
          Runs
        </a>
        <h1>{id === '.' ? 'this run' : id}</h1>
        <p>
          {recipe}
          {data && ` on ${data}`}
        </p>
        {run.state === 'running' && <Controls id={id} />}
      </div>
      <dl class="facts">
        <div>
          <dt>State</dt>
          <dd>
            <State run={run} />
            {detail && <small>{detail}</small>}
          </dd>
        </div>
        <div>
          <dt>Step</dt>
          <dd>
            {count(step)}
            {steps !== null && <small>of {count(steps)}</small>}
            <Progress run={run} />
          </dd>
        </div>
        {imagesPerSecond !== null && (
          <div>
            <dt>Speed</dt>
            <dd>
              {shortCount(imagesPerSecond)}
              <small>images/s</small>
            </dd>
          </div>
        )}
        {remainingMs !== null && (
          <div>
            <dt>Left</dt>
            <dd>{duration(remainingMs)}</dd>
          </div>
        )}
        {elapsedMs !== null && (
          <div>
            <dt>Trained</dt>
            <dd>{duration(elapsedMs)}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}

function Compared({ runs }: { runs: readonly RunSummary[] }) {
  const ids = runs.map(({ id }) => id);
  return (
    <div class="heading">
      <div>
        <a class="back" href={addressOf('', {})}>
          Runs
        </a>
        <h1>{runs.length} runs compared</h1>
        <ul class="compared">
          {runs.map((run, index) => (
            <li key={run.id}>
              <span class="swatch" style={{ background: colourOf(index) }} />
              <a href={addressOf('run', { id: [run.id] })}>{run.id}</a>
              <State run={run} />
              {ids.length > 1 && (
                <button
                  type="button"
                  class="quiet"
                  aria-label={`leave out ${run.id}`}
                  onClick={() => change({ id: ids.filter((id) => id !== run.id) })}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
