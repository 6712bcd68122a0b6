import type { BinCounts, OutputHistory, RunDetail, RunSummary } from '../src/watch/protocol.ts';
import { fetchOutputHistory } from './api.ts';
import { useFetched } from './fetched.ts';
import { HeatMap } from './heat_map.tsx';
import { colourOf, useThemeChange } from './palette.ts';

const WORDS: Readonly<Record<OutputHistory['kind'], { readonly letter: string; readonly unit: string }>> = {
  probability: { letter: 'D', unit: 'probability of being real' },
  score: { letter: 'D', unit: 'score' },
  error: { letter: 'L', unit: 'reconstruction error per pixel' },
};

/** What the discriminator of a run says of real and of generated images, over its steps. */
export function OutputHistograms({ detail, run }: { detail: RunDetail; run: RunSummary | undefined }) {
  const { id, hasHistograms } = detail;
  useThemeChange();
  const wanted = hasHistograms ? [[id, { key: run?.version ?? '', fetch: () => fetchOutputHistory(id) }] as const] : [];
  const { values, problem } = useFetched(new Map(wanted));
  const history = values.get(id);
  if (problem !== undefined) return <p class="problem">{problem}</p>;
  if (!hasHistograms)
    return (
      <section class="card">
        <h2>Outputs of the discriminator</h2>
        <p class="soft">
          Not recorded. <code>--set health.outputHistograms=true</code> records how they are distributed.
        </p>
      </section>
    );
  if (!history || history.columns.length === 0) return null;
  const { letter, unit } = WORDS[history.kind];
  const { shown, fullest } = extentOf(history);
  const maps = [
    { title: `${letter}(x)`, images: 'real images', of: 'real', colour: colourOf(0) },
    { title: `${letter}(G(z))`, images: 'generated images', of: 'fake', colour: colourOf(1) },
  ] as const;
  return (
    <>
      {maps.map(({ title, images, of, colour }) => (
        <section key={of} class="plot" aria-label={`${title} of ${images}`}>
          <h2>
            {title}{' '}
            <small>
              {unit}, {images}
            </small>
          </h2>
          <HeatMap
            title={`${title} of ${images}`}
            columns={history.columns.map(({ from, to, [of]: bins }) => ({ from, to, bins }))}
            edges={history.edges}
            shown={shown}
            fullest={fullest}
            colour={colour}
          />
        </section>
      ))}
    </>
  );
}

/** The bins that hold anything at all, all of them for probabilities; and the largest part of a column in one bin. Both maps share them, so
 *  that they can be compared. */
function extentOf({ kind, edges, columns }: OutputHistory): {
  readonly shown: readonly [number, number];
  readonly fullest: number;
} {
  const all = columns.flatMap(({ real, fake }) => [real, fake]);
  const shown: readonly [number, number] =
    kind === 'probability'
      ? [0, edges.length - 1]
      : [
          all.reduce((least, { first }) => Math.min(least, first), edges.length),
          all.reduce((most, { first, counts }) => Math.max(most, first + counts.length), 0),
        ];
  return { shown, fullest: all.reduce((most, bins) => Math.max(most, largestPart(bins)), 0) };
}

const largestPart = ({ counts }: BinCounts): number => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((most, count) => Math.max(most, count / total), 0);
};
