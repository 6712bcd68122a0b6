import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Latent } from '../../src/explore/vectors.ts';
import type { LatentInfo } from '../../src/watch/protocol.ts';
import { fetchPicture } from '../api.ts';
import { useFetched } from '../fetched.ts';
import { carry } from './carried.ts';
import { commandFor } from './space.ts';

/** The checkpoint that is drawn from. */
export interface Source {
  readonly id: string;
  readonly folder: string;
  readonly info: LatentInfo;
  /** What a conditional run is asked for. */
  readonly label: string | undefined;
}

/** Another page may have pictures of the same names. */
export const PAGE = Math.random().toString(36).slice(2);

/** The picture of a latent, which it carries where it is dragged to; while one is drawn, the one before stays.
 *  @param place tells it from all others on the page */
export function LatentPicture({
  source,
  latent,
  place,
  alt,
}: {
  source: Source;
  latent: Latent;
  place: string;
  alt: string;
}) {
  const { id, info, label } = source;
  const request = { step: info.step, latent: [...latent], class: label, place: `${PAGE} ${place}` };
  const key = `${info.step} ${label} ${latent.join()}`;
  const { values, problem } = useFetched(new Map([[place, { key, fetch: () => fetchPicture(id, request) }]]));
  const address = useAddress(values.get(place));
  if (problem !== undefined) return <p class="problem">{problem}</p>;
  if (address === undefined) return <div class="latent" />;
  return <img class="latent" src={address} alt={alt} onDragStart={(event) => carry(event, latent)} />;
}

/** A picture that was made of others, with what can be done with it. @param place tells it from all others on the page */
export function MadePicture({
  source,
  latent,
  place,
  alt,
  choose,
}: {
  source: Source;
  latent: Latent;
  place: string;
  alt: string;
  choose: (latent: Latent) => void;
}) {
  return (
    <>
      <LatentPicture source={source} latent={latent} place={place} alt={alt} />
      <div class="row">
        <button type="button" class="button" onClick={() => choose(latent)}>
          Change it
        </button>
        <CopyCommand source={source} latent={latent} />
      </div>
    </>
  );
}

/** The address of a blob, given back when there is another. */
export function useAddress(blob: Blob | undefined): string | undefined {
  const address = useMemo(() => blob && URL.createObjectURL(blob), [blob]);
  useEffect(() => () => (address === undefined ? undefined : URL.revokeObjectURL(address)), [address]);
  return address;
}

/** Copies a command line that draws a latent again, and shows it where a browser lets nothing be copied. */
export function CopyCommand({ source, latent }: { source: Source; latent: Latent }) {
  const [told, setTold] = useState('');
  const [shown, setShown] = useState<string>();
  const copy = async (): Promise<void> => {
    const command = commandFor(source.folder, source.info, latent, source.label);
    try {
      await navigator.clipboard.writeText(command);
      setTold('copied');
      setShown(undefined);
    } catch {
      setShown(command);
    }
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void copy()}>
        Copy command
      </button>
      <output class="soft">{told}</output>
      {shown !== undefined && (
        <textarea class="command" readOnly aria-label="a command line that draws this picture" rows={4} value={shown} />
      )}
    </>
  );
}
