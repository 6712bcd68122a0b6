import type { Device } from '../device/index.ts';
import type { BenchCase } from './op_cases.ts';
import type { Peers } from './peers.ts';
import type { BenchEntry, BenchResult } from './result.ts';
import { floorMs, type Roofline, type RooflineProbes } from './roofline.ts';
import { compare, spreadOf } from './statistics.ts';
import { type Contestant, type OpenContestant, takeTurns } from './turns.ts';
import { openOn, type Size, type Workload } from './workload.ts';

export interface MeasureOptions {
  /** Opens a device for this case alone. */
  readonly open: () => Device;
  readonly probes: RooflineProbes;
  readonly peers: Peers;
  /** At most. */
  readonly rounds: number;
  /** Milliseconds after which no further round begins, unless there are too few. */
  readonly budgetMs: number;
  readonly batch?: number | undefined;
}

export interface Measured {
  readonly result: BenchResult;
  /** The machine's rates by round. */
  readonly rooflines: readonly Roofline[];
}

/** What a turn lasts at least, so that the clock and the way to the device do not count. */
const TURN_MS = 30;

/** Times one case at one size: gannet, its peers and the machine's own rates in turns. @throws DeviceError */
export async function measureCase(row: BenchCase, size: Size, options: MeasureOptions): Promise<Measured> {
  const { open, probes, peers, rounds, budgetMs, batch } = options;
  const workload = row.workload(size, batch);
  const opened = new Map<BenchEntry['contestant'], OpenContestant>();
  try {
    opened.set('gannet', await openOn(open(), workload));
    for (const [peer, start] of peers.at(size, workload, row.kind === 'step')) opened.set(peer, await start());
    const contestants = new Map<BenchEntry['contestant'] | 'sgemm' | 'copy', Contestant & Partial<OpenContestant>>([
      ['sgemm', probes.sgemm],
      ['copy', probes.copy],
      ...opened,
    ]);
    const times = await takeTurns(contestants, { rounds, turnMs: TURN_MS, budgetMs });
    const timesOf = (name: Parameters<typeof times.get>[0]) => times.get(name) as number[];
    const copyMs = timesOf('copy');
    const rooflines = timesOf('sgemm').map((ms, round) => probes.ratesOf(ms, copyMs[round] as number));
    const entries = [...opened].map(([name, contestant]) =>
      entryOf(name, contestant, timesOf(name), timesOf('gannet')),
    );
    const { group, name, kind } = row;
    return {
      rooflines,
      result: {
        group,
        name,
        kind,
        size,
        rounds: rooflines.length,
        ...evaluate(workload, timesOf('gannet'), rooflines),
        entries,
      },
    };
  } finally {
    for (const contestant of opened.values()) contestant.close();
  }
}

function entryOf(
  contestant: BenchEntry['contestant'],
  { details, forms }: Contestant,
  times: readonly number[],
  gannet: readonly number[],
): BenchEntry {
  return {
    contestant,
    ms: spreadOf(times),
    ...(contestant !== 'gannet' && { ratio: compare(gannet, times) }),
    ...(details && { details: details() }),
    ...(forms && { forms: [...forms()] }),
  };
}

const evaluate = (workload: Workload, times: readonly number[], rooflines: readonly Roofline[]) => ({
  shape: workload.shape,
  images: workload.images,
  flops: workload.flops,
  ...(workload.bytes !== undefined && { bytes: workload.bytes }),
  ofRoofline: spreadOf(times.map((ms, round) => floorMs(workload, rooflines[round] as Roofline) / ms)),
});
