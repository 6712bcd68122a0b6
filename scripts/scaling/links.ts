/** What GPUs of a cluster speak through. Rates are published ones, of one direction; waits are assumptions. */
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

/** The part of a link's published rate that large messages reach: NCCL's rings reach 370 of the 450 GB/s of NVLink 4. Of other links it is an
 *  assumption. @see https://github.com/NVIDIA/nccl-tests/issues/212 */
export const REACHED = 0.8;

const NVLINK_WAIT = 3e-6;
const PCIE_WAIT = 5e-6;
const INFINIBAND_WAIT = 6e-6;

/** A bit rate, such as network adapters are sold by. */
const gigabits = (rate: number): number => (rate * 1e9) / 8;

export const CLUSTERS: readonly Cluster[] = [
  {
    // NVLink 4: 900 GB/s both ways (https://github.com/NVIDIA/nccl/issues/1264).
    // ConnectX-7: NDR, 400 Gb/s (https://docs.nvidia.com/networking/display/ConnectX7VPI/Introduction).
    name: '8 H100 on NVLink 4, an NDR adapter each',
    gpu: 'h100',
    gpusPerMachine: 8,
    inside: { bytesPerSecond: 450e9, waitSeconds: NVLINK_WAIT },
    between: { bytesPerSecond: gigabits(400), waitSeconds: INFINIBAND_WAIT },
  },
  {
    // NVLink 3: 600 GB/s both ways (https://github.com/NVIDIA/nccl-tests/issues/149).
    // ConnectX-6: HDR, 200 Gb/s (https://lenovopress.lenovo.com/lp1195).
    name: '8 A100 on NVLink 3, an HDR adapter each',
    gpu: 'a100',
    gpusPerMachine: 8,
    inside: { bytesPerSecond: 300e9, waitSeconds: NVLINK_WAIT },
    between: { bytesPerSecond: gigabits(200), waitSeconds: INFINIBAND_WAIT },
  },
  {
    // PCIe 4.0 x16: 16 lanes of 16 Gb/s each way, 32 GB/s.
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
