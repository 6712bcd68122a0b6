import { useRef, useState } from 'preact/hooks';
import type { Arc } from '../../src/explore/interpolate.ts';
import type { Latent } from '../../src/explore/vectors.ts';
import { Choice } from '../parts.tsx';
import { useDrop } from './carried.ts';
import { LatentPicture, MadePicture, type Source } from './picture.tsx';
import { between } from './space.ts';

const ARCS: Readonly<Record<Arc, string>> = { linear: 'bilinear', spherical: 'spherical' };
const CORNERS = ['upper left', 'upper right', 'lower left', 'lower right'] as const;

/** A picture at a corner: the sample of a number, or one that was dropped there. */
type Corner = number | Latent;

/** A picture between four: its place between them is dragged, or set by two sliders. */
export function FourCorners({
  source,
  latents,
  choose,
}: {
  source: Source;
  latents: readonly Latent[];
  choose: (latent: Latent) => void;
}) {
  const { info } = source;
  const [corners, setCorners] = useState<readonly Corner[]>([0, 1, 2, 3]);
  const [at, setAt] = useState({ x: 0.5, y: 0.5 });
  const [arc, setArc] = useState<Arc>(info.arc);
  const latentAt = (corner: Corner): Latent => (typeof corner === 'number' ? (latents[corner] as Latent) : corner);
  const four = corners.map(latentAt) as [Latent, Latent, Latent, Latent];
  const now = between(four, at, arc, Float64Array.from(info.origin));
  const put = (place: number, corner: Corner): void => setCorners(corners.with(place, corner));
  return (
    <section class="card" aria-label="between four pictures">
      <div class="card-head">
        <h2>Between four</h2>
        <Choice label="path between pictures" value={arc} options={ARCS} choose={setArc} />
      </div>
      <MadePicture source={source} latent={now} place="between" alt="the picture between four" choose={choose} />
      <div class="corners">
        {CORNERS.map((name, place) => (
          <CornerPicture
            key={name}
            source={source}
            place={place}
            corner={corners[place] as Corner}
            latent={four[place] as Latent}
            samples={latents.length}
            put={(corner) => put(place, corner)}
          />
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

function CornerPicture({
  source,
  place,
  corner,
  latent,
  samples,
  put,
}: {
  source: Source;
  place: number;
  corner: Corner;
  latent: Latent;
  samples: number;
  put: (corner: Corner) => void;
}) {
  const { isOver, handlers } = useDrop(source.info.size, put);
  const isSample = typeof corner === 'number';
  return (
    <label class={`corner corner-${place}${isOver ? ' dropping' : ''}`} {...handlers}>
      <LatentPicture source={source} latent={latent} place={`corner ${place}`} alt="" />
      <select
        aria-label={`picture ${CORNERS[place]}`}
        value={isSample ? corner : 'dropped'}
        onChange={(event) => put(Number(event.currentTarget.value))}
      >
        {!isSample && <option value="dropped">dropped</option>}
        {Array.from({ length: samples }, (_, index) => (
          <option key={index} value={index}>
            {index + 1}
          </option>
        ))}
      </select>
    </label>
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
