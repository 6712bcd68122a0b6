import { useMemo, useState } from 'preact/hooks';
import type { Latent } from '../../src/explore/vectors.ts';
import type { LatentInfo, RunDetail } from '../../src/watch/protocol.ts';
import { fetchDraws, fetchSpace } from '../api.ts';
import { useFetched } from '../fetched.ts';
import { count } from '../format.ts';
import { change } from '../route.ts';
import { Draws } from './draws.tsx';
import { Editor } from './editor.tsx';
import { FourCorners } from './four_corners.tsx';
import type { Source } from './picture.tsx';
import { Projected } from './projected.tsx';
import { type Edits, edited, NO_EDITS } from './space.ts';
import { type Shown, Sum } from './sum.tsx';

/** How many latents are drawn together. */
const DRAWS = 12;

/** Hands on the latent space of one of a run's checkpoints. */
export function Latents({ detail, parameters }: { detail: RunDetail; parameters: URLSearchParams }) {
  const [isAllowed, allow] = useState(detail.hasKnownRecipe);
  const steps = detail.checkpoints.map(({ step }) => step);
  const asked = Number(parameters.get('checkpoint') ?? Number.NaN);
  const step = steps.includes(asked) ? asked : steps.at(-1);
  if (step === undefined) return <p class="empty">There is no checkpoint yet to draw from.</p>;
  if (!isAllowed)
    return (
      <div class="empty">
        <p>This run has a recipe of its own. To draw from it runs the code that its folder keeps.</p>
        <button type="button" class="button" onClick={() => allow(true)}>
          Run it and draw
        </button>
      </div>
    );
  return <Opened key={step} detail={detail} step={step} steps={steps} parameters={parameters} />;
}

function Opened({
  detail: { id, folder },
  step,
  steps,
  parameters,
}: {
  detail: RunDetail;
  step: number;
  steps: readonly number[];
  parameters: URLSearchParams;
}) {
  const [reading, setReading] = useState(0);
  const { values, problem } = useFetched(
    new Map([['space', { key: String(reading), fetch: () => fetchSpace(id, step) }]]),
  );
  const info = values.get('space');
  const label = info && labelOf(info, parameters.get('class'));
  return (
    <>
      <div class="tools">
        <label>
          Checkpoint{' '}
          <select
            value={step}
            onChange={({ currentTarget: { value } }) =>
              change({ checkpoint: Number(value) === steps.at(-1) ? '' : value })
            }
          >
            {steps.map((each) => (
              <option key={each} value={each}>
                step {count(each)}
              </option>
            ))}
          </select>
        </label>
        {info && label !== undefined && (
          <label>
            Class{' '}
            <select value={label} onChange={(event) => change({ class: event.currentTarget.value })}>
              {info.classes.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {problem !== undefined && <p class="problem">{problem}</p>}
      {info ? (
        <Hands source={{ id, folder, info, label }} readAgain={() => setReading(reading + 1)} />
      ) : (
        problem === undefined && <p class="empty">Opening the generator...</p>
      )}
    </>
  );
}

/** The class that is asked for, or the first; undefined of a run that knows none. */
const labelOf = ({ classes }: LatentInfo, asked: string | null): string | undefined =>
  asked !== null && classes.includes(asked) ? asked : classes[0];

/** A picture that was chosen to be changed, and its changes: each begins with none. */
interface Changing {
  readonly chosen: Latent;
  readonly edits: Edits;
}

function Hands({ source, readAgain }: { source: Source; readAgain: () => void }) {
  const { id, info } = source;
  const [seed, setSeed] = useState(1);
  const [kept, setKept] = useState<ReadonlyMap<number, Latent>>(new Map());
  const [changing, setChanging] = useState<Changing>();
  const { values, problem } = useFetched(
    new Map([['draws', { key: String(seed), fetch: () => fetchDraws(id, info.step, seed, DRAWS) }]]),
  );
  const draws = values.get('draws');
  // The chosen latent is known by its identity.
  const drawn = useMemo(
    () => draws?.map((numbers, index) => kept.get(index) ?? Float64Array.from(numbers)),
    [draws, kept],
  );
  if (problem !== undefined) return <p class="problem">{problem}</p>;
  if (!drawn) return <p class="empty">Drawing...</p>;
  const lock = (index: number): void => {
    const next = new Map(kept);
    if (!next.delete(index)) next.set(index, drawn[index] as Latent);
    setKept(next);
  };
  const { chosen, edits } = changing ?? { chosen: drawn[0] as Latent, edits: NO_EDITS };
  const choose = (latent: Latent): void => setChanging({ chosen: latent, edits: NO_EDITS });
  const changed = edited(chosen, edits, info);
  const shown: Shown = new Map([
    ['the changed picture', changed],
    ...drawn.map((latent, index) => [`picture ${index + 1}`, latent] as const),
  ]);
  return (
    <div class="hands">
      <Draws
        source={source}
        latents={drawn}
        locked={new Set(kept.keys())}
        chosen={chosen}
        lock={lock}
        choose={choose}
        redraw={() => setSeed(seed + 1)}
      />
      <Sum source={source} shown={shown} choose={choose} />
      <Projected source={source} choose={choose} />
      <Editor
        source={source}
        now={changed}
        edits={edits}
        setEdits={(next) => setChanging({ chosen, edits: next })}
        choose={choose}
        readAgain={readAgain}
      />
      <FourCorners source={source} latents={drawn} choose={choose} />
    </div>
  );
}
