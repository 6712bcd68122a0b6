import { useState } from 'preact/hooks';
import type { Latent } from '../../src/explore/vectors.ts';
import { post } from '../api.ts';
import { TextForm } from '../text_form.tsx';
import { useDrop } from './carried.ts';
import { CopyCommand, LatentPicture, type Source } from './picture.tsx';
import { type Edits, NO_EDITS } from './space.ts';

/** Sliders that are shown at first, and more at each asking. */
const PAGE = 8;
/** Deviations to either side; beyond them latents are no longer likely. */
const REACH = 3;
const TRAIT_REACH = 1.5;
const NUMBER_REACH = 4;

/** A picture and sliders that change its latent. Another picture that is dropped there is changed in its place.
 *  @param now the latent with its changes */
export function Editor({
  source,
  now,
  edits,
  setEdits,
  choose,
  readAgain,
}: {
  source: Source;
  now: Latent;
  edits: Edits;
  setEdits: (edits: Edits) => void;
  choose: (latent: Latent) => void;
  readAgain: () => void;
}) {
  const { info } = source;
  const { isOver, handlers } = useDrop(info.size, choose);
  const isChanged = edits.directions.size + edits.traits.size + edits.numbers.size > 0;
  return (
    <section class={isOver ? 'card editor dropping' : 'card editor'} aria-label="change a picture" {...handlers}>
      <div class="card-head">
        <h2>Change</h2>
        <button type="button" class="button" disabled={!isChanged} onClick={() => setEdits(NO_EDITS)}>
          Reset
        </button>
      </div>
      <LatentPicture source={source} latent={now} place="editor" alt="the changed picture" />
      <div class="row">
        <CopyCommand source={source} latent={now} />
      </div>
      <Sliders
        title="Directions"
        hint="the strongest first, in standard deviations"
        names={info.directions.map((_, index) => `v${index}`)}
        reach={REACH}
        valueAt={(index) => edits.directions.get(index) ?? 0}
        set={(index, value) => setEdits({ ...edits, directions: changed(edits.directions, index, value) })}
      />
      <SaveTrait source={source} coefficients={edits.directions} saved={readAgain} />
      <Traits
        source={source}
        amounts={edits.traits}
        set={(name, value) => setEdits({ ...edits, traits: changed(edits.traits, name, value) })}
        taken={readAgain}
      />
      <details>
        <summary>Single numbers of the latent</summary>
        <Sliders
          names={Array.from(now, (_, index) => `z${index}`)}
          reach={NUMBER_REACH}
          valueAt={(index) => now[index] as number}
          set={(index, value) => setEdits({ ...edits, numbers: new Map(edits.numbers).set(index, value) })}
        />
      </details>
    </section>
  );
}

/** What is 0 changes nothing. */
function changed<K>(values: ReadonlyMap<K, number>, key: K, value: number): ReadonlyMap<K, number> {
  const next = new Map(values).set(key, value);
  if (value === 0) next.delete(key);
  return next;
}

function Sliders({
  title,
  hint,
  names,
  reach,
  valueAt,
  set,
}: {
  title?: string;
  hint?: string;
  names: readonly string[];
  reach: number;
  valueAt: (index: number) => number;
  set: (index: number, value: number) => void;
}) {
  const [length, setLength] = useState(PAGE);
  if (names.length === 0) return null;
  return (
    <div class="sliders">
      {title && (
        <h3>
          {title} <small>{hint}</small>
        </h3>
      )}
      {names.slice(0, length).map((name, index) => (
        <Slider key={name} name={name} reach={reach} value={valueAt(index)} set={(value) => set(index, value)} />
      ))}
      {length < names.length && (
        <button type="button" class="quiet" onClick={() => setLength(length + PAGE)}>
          show {Math.min(PAGE, names.length - length)} more of {names.length}
        </button>
      )}
    </div>
  );
}

function Slider({
  name,
  reach,
  value,
  set,
}: {
  name: string;
  reach: number;
  value: number;
  set: (value: number) => void;
}) {
  return (
    <label class="slider">
      <span>{name}</span>
      <input
        type="range"
        min={-reach}
        max={reach}
        step={0.05}
        value={value}
        onInput={(event) => set(Number(event.currentTarget.value))}
        onDblClick={() => set(0)}
      />
      <output>{value.toFixed(2)}</output>
    </label>
  );
}

/** Gives the present place of the direction sliders a name, by which `gannet explore` knows it too. */
function SaveTrait({
  source: { id },
  coefficients,
  saved,
}: {
  source: Source;
  coefficients: ReadonlyMap<number, number>;
  saved: () => void;
}) {
  const save = async (name: string): Promise<string> => {
    await post('latents/trait', { id, name, coefficients: Object.fromEntries(coefficients) });
    saved();
    return `saved '${name.trim()}' in traits.json`;
  };
  return (
    <TextForm
      label="name of the trait"
      placeholder="Name these directions, such as smile"
      maxLength={64}
      button="Save trait"
      isReady={coefficients.size > 0}
      send={save}
    />
  );
}

function Traits({
  source: { id, info },
  amounts,
  set,
  taken,
}: {
  source: Source;
  amounts: ReadonlyMap<string, number>;
  set: (name: string, value: number) => void;
  taken: () => void;
}) {
  const names = Object.keys(info.traits);
  if (names.length === 0) return null;
  const remove = (name: string): void => {
    set(name, 0);
    // Where it could not be removed, what is read again shows it.
    post('latents/trait', { id, name, coefficients: {} }).then(taken, taken);
  };
  return (
    <div class="sliders">
      <h3>
        Traits <small>1 is the trait in full</small>
      </h3>
      {names.map((name) => (
        <div key={name} class="trait">
          <Slider name={name} reach={TRAIT_REACH} value={amounts.get(name) ?? 0} set={(value) => set(name, value)} />
          <button type="button" class="quiet" aria-label={`remove the trait ${name}`} onClick={() => remove(name)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
