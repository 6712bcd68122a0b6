import { useRef, useState } from 'preact/hooks';
import { arithmetic, type Groups } from '../../src/explore/arithmetic.ts';
import type { Latent } from '../../src/explore/vectors.ts';
import { useDrop } from './carried.ts';
import { LatentPicture, MadePicture, type Source } from './picture.tsx';

type Group = keyof Groups;
const GROUPS: Readonly<Record<Group, string>> = { a: 'a', b: '− b', c: '+ c' };

/** A picture of a group. */
interface Member {
  /** No other one has it. */
  readonly key: number;
  readonly latent: Latent;
}

/** Pictures that can be chosen from, by their names. */
export type Shown = ReadonlyMap<string, Latent>;

/** The picture a - b + c of three groups of pictures, each of which stands for the mean of its latents. */
export function Sum({ source, shown, choose }: { source: Source; shown: Shown; choose: (latent: Latent) => void }) {
  const [members, setMembers] = useState<Readonly<Record<Group, readonly Member[]>>>({ a: [], b: [], c: [] });
  const keys = useRef(0);
  const set = (group: Group, change: (before: readonly Member[]) => readonly Member[]): void =>
    setMembers((before) => ({ ...before, [group]: change(before[group]) }));
  const names = Object.keys(GROUPS) as Group[];
  const latentsOf = (group: Group): Latent[] => members[group].map(({ latent }) => latent);
  const isWhole = names.every((group) => members[group].length > 0);
  const sum = isWhole ? arithmetic({ a: latentsOf('a'), b: latentsOf('b'), c: latentsOf('c') }) : undefined;
  return (
    <section class="card wide" aria-label="a sum of pictures">
      <div class="card-head">
        <h2>
          a − b + c <small>drag pictures there, or choose and add them; several in one place count as their mean</small>
        </h2>
      </div>
      <div class="sum">
        {names.map((group) => (
          <GroupPictures
            key={group}
            source={source}
            group={group}
            members={members[group]}
            shown={shown}
            add={(latent) => set(group, (before) => [...before, { key: keys.current++, latent }])}
            remove={(key) => set(group, (before) => before.filter((member) => member.key !== key))}
          />
        ))}
        <div class="result">
          {sum ? (
            <MadePicture source={source} latent={sum} place="sum" alt="the sum" choose={choose} />
          ) : (
            <p class="soft">The sum is drawn when there is a picture in each place.</p>
          )}
        </div>
      </div>
    </section>
  );
}

function GroupPictures({
  source,
  group,
  members,
  shown,
  add,
  remove,
}: {
  source: Source;
  group: Group;
  members: readonly Member[];
  shown: Shown;
  add: (latent: Latent) => void;
  remove: (key: number) => void;
}) {
  const [first] = shown.keys();
  const [name, setName] = useState(first);
  const { isOver, handlers } = useDrop(source.info.size, add);
  const chosen = shown.get(name ?? '');
  return (
    <fieldset class={isOver ? 'group dropping' : 'group'} aria-label={`pictures of ${group}`} {...handlers}>
      <h3>{GROUPS[group]}</h3>
      <ul>
        {members.map(({ key, latent }, index) => (
          <li key={key}>
            <LatentPicture
              source={source}
              latent={latent}
              place={`sum ${key}`}
              alt={`picture ${index + 1} of ${group}`}
            />
            <button
              type="button"
              class="quiet"
              aria-label={`remove picture ${index + 1} of ${group}`}
              onClick={() => remove(key)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <div class="add">
        <select
          aria-label={`picture to add to ${group}`}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        >
          {[...shown.keys()].map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        <button type="button" class="button" onClick={() => chosen && add(chosen)}>
          Add<span class="hidden"> to {group}</span>
        </button>
      </div>
    </fieldset>
  );
}
