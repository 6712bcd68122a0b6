import { loadavg } from 'node:os';
import { type DeviceKind, openDevice, type Precision } from '../device/index.ts';
import { type Choice, chooseCases } from './choose.ts';
import { describeMachine } from './machine.ts';
import { measureCase } from './measure.ts';
import { fullName } from './op_cases.ts';
import { findPeers, type Peers } from './peers.ts';
import type { Bench, BenchResult, Peer } from './result.ts';
import { openProbes, type Roofline } from './roofline.ts';
import { FEWEST_ROUNDS, spreadOf } from './statistics.ts';
import type { Size } from './workload.ts';

export interface BenchOptions extends Choice {
  /** `cpu` if not given. */
  readonly device?: Exclude<DeviceKind, 'tfjs'> | undefined;
  readonly precision?: Precision | undefined;
  /** Images per run at the published sizes; each case's own if not given. */
  readonly batch?: number | undefined;
  /** How often every contestant has its turn. */
  readonly rounds?: number | undefined;
  /** Those that may take part; all that are installed if not given. */
  readonly peers?: readonly Peer[] | undefined;
  /** Leaves the published sizes out. */
  readonly small?: boolean | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
  /** Told after every case of all that has been measured so far. */
  readonly onMeasured?: ((sofar: Bench) => void) | undefined;
}

export const PEERS: readonly Peer[] = ['pytorch', 'tfjs'];

/** Most rounds of a default run, which ends within ten minutes on two cores: what is slow has fewer. */
const ROUNDS = 7;
const BUDGET_MS = 4000;

/** Measures the ops and training steps of the published networks on a device, in turns with the peers that are installed and with
 *  the device's own matrix product and copy. @throws ConfigError for cases that do not exist, DeviceError */
export async function bench(options: BenchOptions = {}): Promise<Bench> {
  const { device: kind = 'cpu', precision = 'auto', quick = false, onProgress = () => {}, onMeasured } = options;
  const cases = chooseCases(options);
  const loadBefore = loadavg()[0] as number;
  const started = performance.now();
  const turns =
    options.rounds === undefined
      ? { rounds: quick ? FEWEST_ROUNDS : ROUNDS, budgetMs: BUDGET_MS }
      : { rounds: options.rounds, budgetMs: Number.POSITIVE_INFINITY };
  const open = () => openDevice(kind, { precision });
  const device = open();
  const peers = await findPeers({ wanted: options.peers ?? PEERS, device: kind, precision, onMissing: onProgress });
  try {
    const probes = await openProbes(device, kind);
    const rooflines: Roofline[] = [];
    const results: BenchResult[] = [];
    const machine = describeMachine(device, precision);
    const measuredSoFar = (): Bench => ({
      machine,
      loadBefore,
      seconds: (performance.now() - started) / 1000,
      peers: peers.descriptions,
      roofline: {
        gflops: spreadOf(rooflines.map(({ gflops }) => gflops)),
        gbps: spreadOf(rooflines.map(({ gbps }) => gbps)),
      },
      results: [...results],
    });
    const work = sizesOf(peers, options).flatMap((size) => cases.map((row) => ({ row, size })));
    for (const [i, { row, size }] of work.entries()) {
      onProgress(`[${i + 1}/${work.length}] ${fullName(row)}${size === 'small' ? ', small' : ''}`);
      const measured = await measureCase(row, size, {
        open,
        probes,
        peers,
        ...turns,
        batch: options.batch,
      });
      results.push(measured.result);
      rooflines.push(...measured.rooflines);
      onMeasured?.(measuredSoFar());
    }
    return measuredSoFar();
  } finally {
    peers.close();
    device.close();
  }
}

/** The simulator would take hours for a published size. */
const sizesOf = (peers: Peers, { device, small }: BenchOptions): Size[] =>
  small || device === 'simt' ? ['small'] : [...peers.sizes];
