import { useRef, useState } from 'preact/hooks';
import type { Latent } from '../../src/explore/vectors.ts';
import type { FoundLatent } from '../../src/watch/protocol.ts';
import { ServerError, searchLatent } from '../api.ts';
import { carriedLatent } from './carried.ts';
import { LatentPicture, PAGE, type Source, useAddress } from './picture.tsx';

/** A picture that was sent, and what has become of the search for its latent. */
interface Search {
  readonly picture: Blob;
  /** From 0 to 1. */
  readonly part: number;
  readonly found?: FoundLatent;
  readonly problem?: string;
}

/** Takes a picture and searches the latent whose picture is nearest to it, which can then be changed. A newer picture ends the search for
 *  the one before. */
export function Projected({ source, choose }: { source: Source; choose: (latent: Latent) => void }) {
  const [search, setSearch] = useState<Search>();
  const [isOver, setIsOver] = useState(false);
  const newest = useRef<Blob | undefined>(undefined);
  const input = useRef<HTMLInputElement>(null);
  const { id, info, label } = source;
  const begin = (picture: Blob | undefined): void => {
    if (!picture) return;
    newest.current = picture;
    const tell = (news: Omit<Search, 'picture'>): void => {
      if (newest.current === picture) setSearch({ picture, ...news });
    };
    tell({ part: 0 });
    searchLatent(id, { step: info.step, class: label, place: `${PAGE} projected` }, picture, (part) => tell({ part }))
      .then((found) => {
        tell({ part: 1, found });
        if (newest.current === picture) choose(Float64Array.from(found.latent));
      })
      .catch((error: Error) =>
        tell({
          part: 0,
          problem:
            error instanceof ServerError
              ? error.message
              : 'the picture could not be sent; is gannet watch still running?',
        }),
      );
  };
  return (
    <section
      class={isOver ? 'card wide projected dropping' : 'card wide projected'}
      aria-label="the latent of a picture"
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        // A picture of the page has its latent already.
        const latent = carriedLatent(event, info.size);
        if (latent) return choose(latent);
        const files = event.dataTransfer?.files;
        if (!files?.length) return;
        // The input tells the name of the picture that is shown.
        if (input.current) input.current.files = files;
        begin(files[0]);
      }}
    >
      <h2>From a picture</h2>
      <label class="row">
        <span>Drop one here, or choose it; its nearest latent is searched</span>
        <input
          type="file"
          ref={input}
          accept="image/*"
          onClick={({ currentTarget }) => {
            // The same file may be chosen again.
            currentTarget.value = '';
          }}
          onChange={({ currentTarget }) => begin(currentTarget.files?.[0])}
        />
      </label>
      {search && <Outcome source={source} search={search} choose={choose} />}
    </section>
  );
}

function Outcome({ source, search, choose }: { source: Source; search: Search; choose: (latent: Latent) => void }) {
  const { picture, part, found, problem } = search;
  const address = useAddress(picture);
  if (problem !== undefined) return <p class="problem">{problem}</p>;
  const latent = found && Float64Array.from(found.latent);
  return (
    <div class="row">
      <img class="latent" src={address} alt="what was sent" />
      {found && latent ? (
        <>
          <LatentPicture source={source} latent={latent} place="projected" alt="the nearest picture of the generator" />
          <div>
            <p>
              {found.distance.toFixed(1)} levels away, found from {found.start}
            </p>
            <button type="button" class="button" onClick={() => choose(latent)}>
              Change it
            </button>
          </div>
        </>
      ) : (
        <progress max={1} value={part} aria-label="search" />
      )}
    </div>
  );
}
