import { useState } from 'preact/hooks';
import type { RunState, RunSummary } from '../src/watch/protocol.ts';
import { gridAddress } from './api.ts';
import { count, duration, moment, shortCount } from './format.ts';
import { Progress, State } from './parts.tsx';
import { addressOf, change } from './route.ts';

const STATES: readonly RunState[] = ['running', 'finished', 'stopped', 'diverged', 'crashed'];

/** How the list can be sorted: by what, and whether the largest comes first. */
const ORDERS = {
  newest: { title: 'newest first', compare: (a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? '') },
  name: { title: 'name', compare: (a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }) },
  recipe: { title: 'recipe', compare: (a, b) => a.recipe.localeCompare(b.recipe) },
  state: { title: 'state', compare: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) },
  step: { title: 'most steps', compare: (a, b) => b.step - a.step },
  speed: { title: 'fastest', compare: (a, b) => (b.imagesPerSecond ?? 0) - (a.imagesPerSecond ?? 0) },
} as const satisfies Record<
  string,
  { readonly title: string; readonly compare: (a: RunSummary, b: RunSummary) => number }
>;

type Order = keyof typeof ORDERS;

const isOrder = (text: string | null): text is Order => text !== null && Object.hasOwn(ORDERS, text);

/** Every run, filtered and sorted; any number of them can be marked and compared. */
export function RunList({ runs, parameters }: { runs: readonly RunSummary[]; parameters: URLSearchParams }) {
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const text = parameters.get('find') ?? '';
  const state = parameters.get('state');
  const asked = parameters.get('sort');
  const order: Order = isOrder(asked) ? asked : 'newest';
  const shown = runs
    .filter((run) => (state === null || run.state === state) && matches(run, text))
    .sort((a, b) => ORDERS[order].compare(a, b) || a.id.localeCompare(b.id));
  const compared = runs.filter(({ id }) => marked.has(id)).map(({ id }) => id);
  const mark = (id: string): void => {
    const next = new Set(marked);
    if (!next.delete(id)) next.add(id);
    setMarked(next);
  };
  return (
    <>
      <div class="tools">
        <h1>Runs</h1>
        <input
          type="search"
          aria-label="find runs by name, recipe or data"
          placeholder="Find by name, recipe or data"
          value={text}
          onInput={(event) => change({ find: event.currentTarget.value })}
        />
        <label>
          Sort by{' '}
          <select value={order} onChange={(event) => change({ sort: event.currentTarget.value })}>
            {Object.entries(ORDERS).map(([name, { title }]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        {compared.length > 1 ? (
          <a class="button strong" href={addressOf('run', { id: compared })}>
            Compare {compared.length}
          </a>
        ) : (
          <button type="button" class="button" disabled title="mark two runs or more">
            Compare
          </button>
        )}
      </div>
      <StateFilter runs={runs} chosen={state} />
      {shown.length === 0 ? (
        <p class="empty">
          {runs.length === 0
            ? 'There are no runs here yet. One that `gannet train` begins in this folder appears by itself.'
            : 'No run fits. Take the filter away to see all.'}
        </p>
      ) : (
        <ul class="runs">
          {shown.map((run) => (
            <Row key={run.id} run={run} marked={marked.has(run.id)} mark={() => mark(run.id)} />
          ))}
        </ul>
      )}
    </>
  );
}

const matches = ({ id, recipe, data }: RunSummary, text: string): boolean =>
  `${id} ${recipe} ${data}`.toLowerCase().includes(text.toLowerCase());

function StateFilter({ runs, chosen }: { runs: readonly RunSummary[]; chosen: string | null }) {
  const present = STATES.filter((state) => state === chosen || runs.some((run) => run.state === state));
  if (present.length < 2) return null;
  return (
    <fieldset class="chips" aria-label="state">
      <button type="button" aria-pressed={chosen === null} onClick={() => change({ state: '' })}>
        all <b>{runs.length}</b>
      </button>
      {present.map((state) => (
        <button
          key={state}
          type="button"
          aria-pressed={chosen === state}
          onClick={() => change({ state: chosen === state ? '' : state })}
        >
          {state} <b>{runs.filter((run) => run.state === state).length}</b>
        </button>
      ))}
    </fieldset>
  );
}

function Row({ run, marked, mark }: { run: RunSummary; marked: boolean; mark: () => void }) {
  const { id, recipe, data, picture, imagesPerSecond, remainingMs, elapsedMs, startedAt } = run;
  const name = id === '.' ? 'this run' : id;
  const time = remainingMs !== null ? `${duration(remainingMs)} left` : elapsedMs ? duration(elapsedMs) : '';
  return (
    <li class={marked ? 'run marked' : 'run'}>
      <input type="checkbox" checked={marked} onChange={mark} aria-label={`compare ${name}`} />
      <a href={addressOf('run', { id: [id] })}>
        {picture ? (
          <img class="thumb" src={gridAddress(id, picture)} alt="" loading="lazy" />
        ) : (
          <span class="thumb none" aria-hidden="true" />
        )}
        <span class="name">
          <strong>{name}</strong>
          <small>
            {recipe}
            {data && ` on ${data}`}
          </small>
        </span>
      </a>
      <State run={run} />
      <span class="progress-cell">
        <Progress run={run} />
        <small>
          step {count(run.step)}
          {run.steps !== null && ` of ${count(run.steps)}`}
        </small>
      </span>
      <span class="figure">
        {imagesPerSecond !== null && (
          <>
            {shortCount(imagesPerSecond)} <small>images/s</small>
          </>
        )}
      </span>
      <span class="figure time">
        {time}
        {startedAt && <small>{moment(startedAt)}</small>}
      </span>
    </li>
  );
}
