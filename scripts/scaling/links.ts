/** What GPUs of a cluster speak through. Rates are those of the data sheets, of one direction; waits are assumptions. */
export interface Cluster {
  readonly name: string;
  readonly gpu: 'a100' | 'h100';
  readonly gpusPerMachine: number;
  /** Between the GPUs of a machine, of each. */
  readonly inside: Link;
  /** Between machines, the share of each GPU. */
  readonly between: Link;
}

export interface Link {
  readonly bytesPerSecond: number;
  /** Of one message to the next GPU. */
  readonly waitSeconds: number;
}

/** The part of a link's published rate that large messages reach. */
export const REACHED = 0.8;

const NVLINK_WAIT = 3e-6;
const PCIE_WAIT = 5e-6;
const INFINIBAND_WAIT = 6e-6;

/** A bit rate, such as network adapters are sold by. */
const gigabits = (rate: number): number => (rate * 1e9) / 8;

export const CLUSTERS: readonly Cluster[] = [
  {
    // NVIDIA H100 Tensor Core GPU data sheet: NVLink 900 GB/s both ways. NVIDIA ConnectX-7 data sheet: InfiniBand NDR, 400 Gb/s.
    name: '8 H100 on NVLink 4, an NDR adapter each',
    gpu: 'h100',
    gpusPerMachine: 8,
    inside: { bytesPerSecond: 450e9, waitSeconds: NVLINK_WAIT },
    between: { bytesPerSecond: gigabits(400), waitSeconds: INFINIBAND_WAIT },
  },
  {
    // NVIDIA A100 Tensor Core GPU data sheet: NVLink 600 GB/s both ways. NVIDIA ConnectX-6 data sheet: InfiniBand HDR, 200 Gb/s.
    name: '8 A100 on NVLink 3, an HDR adapter each',
    gpu: 'a100',
    gpusPerMachine: 8,
    inside: { bytesPerSecond: 300e9, waitSeconds: NVLINK_WAIT },
    between: { bytesPerSecond: gigabits(200), waitSeconds: INFINIBAND_WAIT },
  },
  {
    // NVIDIA A100 PCIe product brief: PCIe 4.0 x16, 64 GB/s both ways. NVIDIA ConnectX-6 data sheet: InfiniBand HDR, 200 Gb/s.
    name: '8 A100 on PCIe 4.0, one HDR adapter for all',
    gpu: 'a100',
    gpusPerMachine: 8,
    inside: { bytesPerSecond: 32e9, waitSeconds: PCIE_WAIT },
    between: { bytesPerSecond: gigabits(200) / 8, waitSeconds: INFINIBAND_WAIT },
  },
];

/** Seconds in which `count` GPUs of equal links sum `bytes`: by a ring, or for short messages by a tree, whichever is faster. */
function sumOver(count: number, bytes: number, { bytesPerSecond, waitSeconds }: Link): number {
  if (count === 1) return 0;
  const rate = REACHED * bytesPerSecond;
  const ring = 2 * (count - 1) * waitSeconds + (2 * ((count - 1) / count) * bytes) / rate;
  const tree = 2 * Math.ceil(Math.log2(count)) * waitSeconds + (2 * bytes) / rate;
  return Math.min(ring, tree);
}

/** Seconds in which so many GPUs of a cluster sum `bytes`: each machine by itself first, then all machines an equal piece of the
 *  sum through each GPU, then each machine the pieces. */
export function allReduceSeconds(gpus: number, bytes: number, { gpusPerMachine, inside, between }: Cluster): number {
  const machines = Math.max(1, gpus / gpusPerMachine);
  const here = Math.min(gpus, gpusPerMachine);
  return sumOver(here, bytes, inside) + sumOver(machines, bytes / here, between);
}
