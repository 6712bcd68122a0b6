import { useEffect, useState } from 'preact/hooks';
import type { RunDetail, SampleGridEntry } from '../src/watch/protocol.ts';
import { gridAddress } from './api.ts';
import { count } from './format.ts';
import { Choice, Toggle } from './parts.tsx';
import { change } from './route.ts';

/** How many pixels of the screen a side of one pixel of the picture has, by name. */
const FACTORS = { fit: 0, x1: 1, x2: 2, x4: 4, x8: 8 } as const;
type Zoom = keyof typeof FACTORS;
const ZOOMS: Readonly<Record<Zoom, string>> = { fit: 'fit', x1: '1×', x2: '2×', x4: '4×', x8: '8×' };

const PLAY_MS = 300;

/** One grid that is looked at: a run, and which of its grids. Without a step it is the newest, and follows the run as it draws more. */
interface Shown {
  readonly run: RunDetail;
  readonly index: number;
  readonly grid: SampleGridEntry;
}

function shownOf(details: readonly RunDetail[], id: string | null, step: string | null): Shown | undefined {
  const run = details.find((detail) => detail.id === id) ?? details.find(({ grids }) => grids.length > 0);
  if (!run || run.grids.length === 0) return undefined;
  const found = step === null ? -1 : run.grids.findLastIndex((grid) => grid.step <= Number(step));
  const index = step === null ? run.grids.length - 1 : Math.max(0, found);
  return { run, index, grid: run.grids[index] as SampleGridEntry };
}

/** Grids of samples by step, one or two, the second of the same run or of another. */
export function Samples({ details, parameters }: { details: readonly RunDetail[]; parameters: URLSearchParams }) {
  const left = shownOf(details, parameters.get('left'), parameters.get('step'));
  const second = parameters.get('with') ?? details[1]?.id ?? details[0]?.id ?? null;
  const right = parameters.has('two') ? shownOf(details, second, parameters.get('step2') ?? '0') : undefined;
  const asked = parameters.get('zoom') ?? 'fit';
  const zoom: Zoom = Object.hasOwn(ZOOMS, asked) ? (asked as Zoom) : 'fit';
  if (!left) return <p class="empty">There are no samples yet. A run draws the first after sampleEvery steps.</p>;
  return (
    <>
      <div class="tools">
        <Choice
          label="zoom"
          value={zoom}
          options={ZOOMS}
          choose={(name) => change({ zoom: name === 'fit' ? '' : name })}
        />
        <Toggle on={right !== undefined} set={(on) => change({ two: on, step2: '', with: '', wipe: '' })}>
          compare two
        </Toggle>
        {right && (
          <Toggle on={parameters.has('wipe')} set={(on) => change({ wipe: on })}>
            wipe
          </Toggle>
        )}
      </div>
      <div class="pickers">
        <Picker shown={left} details={details} name="first" runKey="left" stepKey="step" />
        {right && <Picker shown={right} details={details} name="second" runKey="with" stepKey="step2" />}
      </div>
      {right && parameters.has('wipe') ? (
        <Wipe left={left} right={right} zoom={zoom} />
      ) : (
        <div class="grids">
          <Grid shown={left} zoom={zoom} />
          {right && <Grid shown={right} zoom={zoom} />}
        </div>
      )}
    </>
  );
}

/** A slider over the steps of a run's grids, which plays them like a film. */
function Picker({
  shown: { run, index, grid },
  details,
  name,
  runKey,
  stepKey,
}: {
  shown: Shown;
  details: readonly RunDetail[];
  name: string;
  runKey: string;
  stepKey: string;
}) {
  const [isPlaying, setPlaying] = useState(false);
  const last = run.grids.length - 1;
  // At the end, a slider follows the run.
  const show = (next: number): void =>
    change({ [stepKey]: next === last && stepKey === 'step' ? '' : (run.grids[next]?.step ?? '') });
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setTimeout(() => (index < last ? show(index + 1) : setPlaying(false)), PLAY_MS);
    return () => clearTimeout(timer);
  });
  const play = (): void => {
    if (!isPlaying && index === last) show(0);
    setPlaying(!isPlaying);
  };
  return (
    <div class="picker">
      {details.length > 1 && (
        <select
          aria-label={`run of the ${name} grid`}
          value={run.id}
          onChange={(event) => change({ [runKey]: event.currentTarget.value, [stepKey]: '' })}
        >
          {details.map(({ id }) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      )}
      <button
        type="button"
        class="button"
        aria-label={isPlaying ? `pause the ${name} grid` : `play the ${name} grid`}
        onClick={play}
      >
        {isPlaying ? 'Pause' : 'Play'}
      </button>
      <input
        type="range"
        min={0}
        max={last}
        value={index}
        aria-label={`step of the ${name} grid`}
        aria-valuetext={`step ${grid.step}`}
        onInput={(event) => {
          setPlaying(false);
          show(Number(event.currentTarget.value));
        }}
      />
      <output>step {count(grid.step)}</output>
      <a class="button" href={gridAddress(run.id, grid)} download={`${fileName(run.id)}-step-${grid.step}.png`}>
        Download
      </a>
    </div>
  );
}

const fileName = (id: string): string => (id === '.' ? 'run' : id.replaceAll(/[^\w.-]+/g, '-'));

function Grid({ shown: { run, grid }, zoom }: { shown: Shown; zoom: Zoom }) {
  const picture = usePicture(gridAddress(run.id, grid));
  return (
    <figure class="grid">
      <Picture picture={picture} zoom={zoom} alt={`samples of ${run.id} at step ${grid.step}`} />
      <figcaption>
        {run.id === '.' ? '' : `${run.id}, `}step {count(grid.step)}
      </figcaption>
    </figure>
  );
}

/** Two grids over each other: the first to the left of a line that can be moved, the second to the right of it. */
function Wipe({ left, right, zoom }: { left: Shown; right: Shown; zoom: Zoom }) {
  const [at, setAt] = useState(50);
  const above = usePicture(gridAddress(left.run.id, left.grid));
  const below = usePicture(gridAddress(right.run.id, right.grid));
  return (
    <figure class="grid">
      <div class="wipe-frame">
        <div class="wipe">
          <Picture picture={below} zoom={zoom} alt={`samples of ${right.run.id} at step ${right.grid.step}`} />
          <div class="above" style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }}>
            <Picture picture={above} zoom={zoom} alt={`samples of ${left.run.id} at step ${left.grid.step}`} />
          </div>
          <div class="edge" style={{ left: `${at}%` }} />
          <input
            type="range"
            class="over"
            min={0}
            max={100}
            step={0.5}
            value={at}
            aria-label="where the first grid ends and the second begins"
            onInput={(event) => setAt(Number(event.currentTarget.value))}
          />
        </div>
      </div>
      <figcaption>
        step {count(left.grid.step)} | step {count(right.grid.step)}
      </figcaption>
    </figure>
  );
}

/** A picture whose pixels are whole ones of the screen at every zoom but `fit`. */
function Picture({ picture, zoom, alt }: { picture: Loaded | undefined; zoom: Zoom; alt: string }) {
  if (!picture) return <div class="loading" />;
  const style =
    zoom === 'fit' ? {} : { width: `${(picture.width * FACTORS[zoom]) / devicePixelRatio}px`, maxWidth: 'none' };
  return (
    <div class={zoom === 'fit' ? 'picture fit' : 'picture'}>
      <img src={picture.address} alt={alt} width={picture.width} height={picture.height} style={style} />
    </div>
  );
}

interface Loaded {
  readonly address: string;
  readonly width: number;
  readonly height: number;
}

/** A picture, or the one before as long as it loads, so that nothing flickers while a film plays. */
function usePicture(address: string): Loaded | undefined {
  const [loaded, setLoaded] = useState<Loaded>();
  useEffect(() => {
    let isWanted = true;
    const image = new Image();
    image.onload = () => isWanted && setLoaded({ address, width: image.naturalWidth, height: image.naturalHeight });
    image.src = address;
    return () => {
      isWanted = false;
    };
  }, [address]);
  return loaded;
}
