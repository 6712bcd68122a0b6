import type { Latent } from '../../src/explore/vectors.ts';
import { LatentPicture, type Source } from './picture.tsx';

/** Samples; those that are locked stay while the others are drawn anew. One of them can be chosen to be changed. */
export function Draws({
  source,
  latents,
  locked,
  chosen,
  lock,
  choose,
  redraw,
}: {
  source: Source;
  latents: readonly Latent[];
  locked: ReadonlySet<number>;
  chosen: Latent;
  lock: (index: number) => void;
  choose: (latent: Latent) => void;
  redraw: () => void;
}) {
  return (
    <section class="card wide" aria-label="samples">
      <div class="card-head">
        <h2>Samples</h2>
        <button type="button" class="button strong" onClick={redraw}>
          {locked.size > 0 ? 'Redraw the others' : 'Redraw'}
        </button>
      </div>
      <ul class="draws">
        {latents.map((latent, index) => (
          // The place in the row is what tells one from the other: locked ones keep theirs.
          <li key={index} class={locked.has(index) ? 'locked' : ''}>
            <button
              type="button"
              class="pick"
              aria-pressed={latent === chosen}
              aria-label={`change picture ${index + 1}`}
              onClick={() => choose(latent)}
            >
              <LatentPicture source={source} latent={latent} place={`draw ${index}`} alt="" />
            </button>
            <button type="button" class="toggle" aria-pressed={locked.has(index)} onClick={() => lock(index)}>
              {locked.has(index) ? 'locked' : 'lock'}
              <span class="hidden"> picture {index + 1}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
