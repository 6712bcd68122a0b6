import type { DeviceKind, Precision } from '../device/index.ts';
import { DeviceError } from '../errors.ts';
import { findPytorch, Pytorch, type PytorchOptions } from './pytorch.ts';
import type { Peer } from './result.ts';
import { findTfjs, type TfjsPeer } from './tfjs.ts';
import type { OpenContestant } from './turns.ts';
import { openOn, type Size, type Workload } from './workload.ts';

/** The competitors that take part in a benchmark. */
export interface Peers {
  /** What each is, by name. */
  readonly descriptions: Readonly<Partial<Record<Peer, string>>>;
  /** Sizes at which something is compared. */
  readonly sizes: ReadonlySet<Size>;
  /** Those that take part at a size, each ready to be opened. @param apart in a process of its own, where the peer has one */
  at(size: Size, workload: Workload, apart: boolean): ReadonlyMap<Peer, () => Promise<OpenContestant>>;
  close(): void;
}

export interface PeerOptions {
  /** Those that may take part if they are installed. */
  readonly wanted: readonly Peer[];
  readonly device: Exclude<DeviceKind, 'tfjs'>;
  readonly precision: Precision;
  /** Told who does not take part, and why. */
  readonly onMissing: (message: string) => void;
}

/** The peers that are installed: PyTorch at the published sizes, and tfjs at them too, or at the small ones if it is pure JavaScript. */
export async function findPeers({ wanted, device, precision, onMissing }: PeerOptions): Promise<Peers> {
  const tfjs = wanted.includes('tfjs') ? await installedTfjs(onMissing) : undefined;
  const pytorch = wanted.includes('pytorch') ? await installedPytorch({ device, precision, onMissing }) : undefined;
  const tfjsSize: Size = tfjs?.pureJavaScript ? 'small' : 'published';
  return {
    descriptions: { ...(pytorch && { pytorch: pytorch.description }), ...(tfjs && { tfjs: tfjs.description }) },
    sizes: new Set(['published', ...(tfjs ? [tfjsSize] : [])]),
    at: (size, workload, apart) => {
      const { pytorch: task } = workload;
      return new Map<Peer, () => Promise<OpenContestant>>([
        ...(pytorch && task && size === 'published' ? [['pytorch', () => pytorch.open(task, { apart })] as const] : []),
        ...(tfjs && size === tfjsSize ? [['tfjs', async () => openOn(await tfjs.open(), workload)] as const] : []),
      ]);
    },
    close: () => pytorch?.close(),
  };
}

async function installedTfjs(onMissing: PeerOptions['onMissing']): Promise<TfjsPeer | undefined> {
  try {
    return await findTfjs(onMissing);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    onMissing(`tfjs is left out: ${error.message}`);
    return undefined;
  }
}

/** What `auto` means on each device, in PyTorch's terms. */
const productsIn = (device: 'cpu' | 'cuda', precision: Precision): PytorchOptions['precision'] => {
  if (device === 'cpu') return 'float32';
  return precision === 'auto' ? 'tf32' : precision;
};

async function installedPytorch({ device, precision, onMissing }: Omit<PeerOptions, 'wanted'>) {
  const python = device === 'simt' ? undefined : await findPytorch();
  if (python !== undefined && device !== 'simt') {
    return Pytorch.start(python, { device, precision: productsIn(device, precision) });
  }
  onMissing(
    'PyTorch is left out: no Python with torch, or no checkout (apt-get install python3-torch libopenblas0-openmp)',
  );
  return undefined;
}
