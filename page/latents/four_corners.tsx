import { useRef, useState } from 'preact/hooks';
import type { Arc } from '../../src/explore/interpolate.ts';
import type { Latent } from '../../src/explore/vectors.ts';
import { Choice } from '../parts.tsx';
import { CopyCommand, LatentPicture, type Source } from './picture.tsx';
import { between } from './space.ts';

const ARCS: Readonly<Record<Arc, string>> = { linear: 'bilinear', spherical: 'spherical' };
const CORNERS = ['upper left', 'upper right', 'lower left', 'lower right'] as const;

/** A picture between four: its place between them is dragged, or set by two sliders. */
export function FourCorners({ source, latents }: { source: Source; latents: readonly Latent[] }) {
  const { info } = source;
  const [places, setPlaces] = useState([0, 1, 2, 3]);
  const [at, setAt] = useState({ x: 0.5, y: 0.5 });
  const [arc, setArc] = useState<Arc>(info.arc);
  const corners = places.map((place) => latents[place] as Latent) as [Latent, Latent, Latent, Latent];
  const now = between(corners, at, arc, Float64Array.from(info.origin));
  const choose = (corner: number, place: number): void =>
    setPlaces(places.map((before, index) => (index === corner ? place : before)));
  return (
    <section class="card" aria-label="between four pictures">
      <div class="card-head">
        <h2>Between four</h2>
        <Choice label="path between pictures" value={arc} options={ARCS} choose={setArc} />
      </div>
      <LatentPicture source={source} latent={now} place="between" alt="the picture between four" />
      <div class="row">
        <CopyCommand source={source} latent={now} />
      </div>
      <div class="corners">
        {CORNERS.map((name, corner) => (
          <label key={name} class={`corner corner-${corner}`}>
            <LatentPicture source={source} latent={corners[corner] as Latent} place={`corner ${corner}`} alt="" />
            <select
              aria-label={`picture ${name}`}
              value={places[corner]}
              onChange={(event) => choose(corner, Number(event.currentTarget.value))}
            >
              {latents.map((_, index) => (
                <option key={index} value={index}>
                  {index + 1}
                </option>
              ))}
            </select>
          </label>
        ))}
        <Pad at={at} move={setAt} />
      </div>
      <div class="sliders">
        {(['x', 'y'] as const).map((axis) => (
          <label key={axis} class="slider">
            <span>{axis === 'x' ? 'left to right' : 'top to bottom'}</span>
            <input
              type="range"
              min={0}
              max={1}
              step={0.01}
              value={at[axis]}
              onInput={(event) => setAt({ ...at, [axis]: Number(event.currentTarget.value) })}
            />
            <output>{at[axis].toFixed(2)}</output>
          </label>
        ))}
      </div>
    </section>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** A square with a point to drag; the sliders below do the same for the keyboard. */
function Pad({ at, move }: { at: Place; move: (at: Place) => void }) {
  const square = useRef<HTMLDivElement>(null);
  const drag = (event: PointerEvent): void => {
    if (event.buttons === 0 || !square.current) return;
    square.current.setPointerCapture(event.pointerId);
    const { left, top, width, height } = square.current.getBoundingClientRect();
    const part = (value: number): number => Math.min(1, Math.max(0, value));
    move({ x: part((event.clientX - left) / width), y: part((event.clientY - top) / height) });
  };
  return (
    <div class="pad" ref={square} aria-hidden="true" onPointerDown={drag} onPointerMove={drag}>
      <span style={{ left: `${100 * at.x}%`, top: `${100 * at.y}%` }} />
    </div>
  );
}
