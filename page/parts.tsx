import type { ComponentChildren } from 'preact';
import type { RunSummary } from '../src/watch/protocol.ts';

/** What became of a run, as a coloured word. */
export const State = ({ run: { state, detail } }: { run: RunSummary }) => (
  <span class={`state ${state}`} title={detail}>
    {state}
  </span>
);

/** How far a run has come. */
export function Progress({ run: { id, step, steps, state } }: { run: RunSummary }) {
  if (!steps) return null;
  return <progress class={state} max={steps} value={Math.min(step, steps)} aria-label={`progress of ${id}`} />;
}

/** One of a few choices, as a row of buttons. */
export function Choice<T extends string>({
  label,
  value,
  options,
  choose,
}: {
  label: string;
  value: T;
  options: Readonly<Record<T, string>>;
  choose: (value: T) => void;
}) {
  return (
    <fieldset class="choice" aria-label={label}>
      {(Object.entries(options) as [T, string][]).map(([name, title]) => (
        <button key={name} type="button" aria-pressed={name === value} onClick={() => choose(name)}>
          {title}
        </button>
      ))}
    </fieldset>
  );
}

/** A switch that is on or off. */
export const Toggle = ({
  on,
  set,
  children,
}: {
  on: boolean;
  set: (on: boolean) => void;
  children: ComponentChildren;
}) => (
  <button type="button" class="toggle" aria-pressed={on} onClick={() => set(!on)}>
    {children}
  </button>
);

/** Tabs; arrow keys go from one to the next. */
export function Tabs<T extends string>({
  value,
  tabs,
  choose,
}: {
  value: T;
  tabs: Readonly<Record<T, string>>;
  choose: (value: T) => void;
}) {
  const names = Object.keys(tabs) as T[];
  const move = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const next = names[(names.indexOf(value) + by + names.length) % names.length] as T;
    choose(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist">
      {names.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={name === value}
          aria-controls="tab-panel"
          tabIndex={name === value ? 0 : -1}
          onClick={() => choose(name)}
          onKeyDown={move}
        >
          {tabs[name]}
        </button>
      ))}
    </div>
  );
}
