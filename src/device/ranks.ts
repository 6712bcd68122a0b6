import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, DeviceError } from '../errors.ts';
import { PACKAGE_ROOT } from '../package.ts';
import { loadAddon } from './addon.ts';
import type { DeviceKind } from './device.ts';
import { type Environment, type Launched, launchedWith, localRank, TO_TRAIN_ALONE } from './launcher.ts';
import type { NativeAddon, NativeCommunicator } from './native.ts';
import { callAddon } from './native_error.ts';

/** The library that the addon reaches MPI through: the one that GANNET_MPI names, else the one that `gannet build --mpi` makes. */
const libraryFor = ({ GANNET_MPI: named }: Environment): string =>
  named ? resolve(named) : join(PACKAGE_ROOT, 'build-mpi', 'gannet_mpi.so');

const DEFAULT_PATIENCE_SECONDS = 40;
const BEAT_MS = 1000;

/** The kinds of devices that can train together with those of other ranks; their places stand for them in what ranks tell one another. */
const KINDS: readonly DeviceKind[] = ['cpu', 'cuda', 'simt'];
/** Of what names a communicator of NCCL. */
const ID_WORDS = 32;

/** This process among those that train together, and what they have in common. */
export class Ranks {
  /** From 0; rank 0 writes the run. */
  readonly rank: number;
  /** How many there are. */
  readonly ranks: number;
  /** What they found one another by: MPI, or the address and port of rank 0. */
  readonly by: Launched['by'];
  private readonly environment: Environment;
  private readonly beating: NodeJS.Timeout;
  private ended = false;

  /** Waits for the other ranks. @throws DeviceError mpi_unavailable, mpi_failed, ranks_apart, ranks_unreachable, patience_invalid */
  constructor(launched: Launched, environment: Environment) {
    const { rank, ranks } =
      launched.by === 'mpi' ? joinByMpi(launched.ranks, environment) : joinByTcp(launched, environment);
    this.rank = rank;
    this.ranks = ranks;
    this.by = launched.by;
    this.environment = environment;
    const addon = loadAddon();
    this.beating = setInterval(() => addon.beat(), BEAT_MS);
    this.beating.unref();
  }

  /** The kind of device that ranks use where none is named: a GPU for each, or processors where MPI started them. */
  get kindByDefault(): 'cpu' | 'cuda' {
    return this.by === 'mpi' ? 'cpu' : 'cuda';
  }

  /** Which of its machine's GPUs is this rank's own; 0 on processors. @throws DeviceError ranks_variables where no launcher says so */
  gpuFor(kind: DeviceKind): number {
    return kind === 'cuda' || kind === 'simt' ? localRank(this.environment) : 0;
  }

  /** What a device that this rank opens needs to sum with those that the other ranks open at the same time; nothing on processors. Waits
   *  for the other ranks. @throws ConfigError ranks_device; DeviceError nccl_unavailable, nccl_failed */
  communicatorFor(kind: DeviceKind): NativeCommunicator | undefined {
    if (kind === 'tfjs' || (kind === 'cpu' && this.by !== 'mpi')) throw this.cannotUse(kind);
    const isGpu = kind !== 'cpu';
    const addon = loadAddon();
    const id = isGpu && this.rank === 0 ? new Int32Array(callAddon(() => addon.communicatorId(kind))) : [];
    const own = new Int32Array(1 + ID_WORDS);
    own[0] = KINDS.indexOf(kind);
    own.set(id, 1);
    const all = new Int32Array(callAddon(() => addon.exchange(own)));
    const kinds = Array.from(
      { length: this.ranks },
      (_, rank) => KINDS[all[rank * own.length] as number] as DeviceKind,
    );
    this.expectSame(kinds);
    return isGpu ? { rank: this.rank, ranks: this.ranks, id: all.slice(1, own.length) } : undefined;
  }

  private cannotUse(kind: DeviceKind): ConfigError {
    return new ConfigError(
      'ranks_device',
      kind === 'tfjs'
        ? `device: ${this.ranks} processes train together on processors or GPUs, and not by tfjs. Choose --device cpu or --device cuda`
        : `device: ${this.ranks} processes that were started with RANK and MASTER_ADDR, as by torchrun, train together on GPUs only. On processors they speak through MPI: mpirun -n ${this.ranks} gannet train ... Or choose --device cuda`,
    );
  }

  private expectSame(kinds: readonly DeviceKind[]): void {
    const other = kinds.findIndex((kind) => kind !== kinds[0]);
    if (other < 0) return;
    throw new ConfigError(
      'ranks_device',
      `device: rank 0 of ${this.ranks} uses ${kinds[0]}, and rank ${other} uses ${kinds[other]}. Start all with the same --device`,
    );
  }

  /** What is said, after what happened, where a rank dies or hangs. */
  advise(text: string): void {
    loadAddon().setAdvice(text);
  }

  /** How the ranks are started with the arguments of `gannet`, for people. */
  commandFor(args: string): string {
    return this.by === 'mpi' ? `mpirun -n ${this.ranks} gannet ${args}` : `gannet ${args} on all ranks, started as now`;
  }

  /** Notes that the ranks work on something together from now on. */
  begin(): void {
    this.ended = false;
  }

  /** Notes that every rank knows that the work is over, well or not. */
  end(): void {
    this.ended = true;
  }

  /** Whether every rank knows that the work is over. */
  get haveEnded(): boolean {
    return this.ended;
  }

  /** Says what happened and ends every rank, this process among them. */
  abort(message: string): never {
    loadAddon().abortRanks(message);
    throw new DeviceError('mpi_failed', message);
  }

  /** Waits until every rank leaves. */
  leave(): void {
    clearInterval(this.beating);
    loadAddon().leaveRanks();
  }
}

type Joined = ReturnType<NativeAddon['joinRanksByMpi']>;

function joinByMpi(started: number, environment: Environment): Joined {
  const library = libraryFor(environment);
  if (!existsSync(library)) {
    throw new DeviceError(
      'mpi_unavailable',
      `${started} processes were started together, but gannet's library for MPI is not there (${library})\n  Build it on this machine: \`npx gannet build --mpi\`. On Debian and Ubuntu, MPI itself is \`apt-get install openmpi-bin libopenmpi-dev\`.\n  ${TO_TRAIN_ALONE}`,
    );
  }
  const patience = patienceOf(environment);
  const joined = callAddon(() => loadAddon().joinRanksByMpi(library, patience));
  if (joined.ranks === started) return joined;
  throw new DeviceError(
    'ranks_apart',
    `${started} processes were started together, but MPI knows of ${joined.ranks}: the launcher is of another MPI than gannet's library was built with\n  Use the mpirun of that MPI, with Slurm \`srun --mpi=pmix\`, or build the library again: \`npx gannet build --mpi\`.\n  ${TO_TRAIN_ALONE}`,
  );
}

function joinByTcp(place: Extract<Launched, { by: 'tcp' }>, environment: Environment): Joined {
  const patience = patienceOf(environment);
  try {
    return callAddon(() => loadAddon().joinRanksByTcp(place, patience));
  } catch (error) {
    if (!(error instanceof DeviceError) || error.code !== 'ranks_unreachable') throw error;
    throw new DeviceError(
      'ranks_unreachable',
      `${error.message}\n  Every process needs the same MASTER_ADDR, MASTER_PORT and WORLD_SIZE and a RANK of its own. Where another program has the port, as torchrun may, let GANNET_PORT name a free one for all; GANNET_RANKS_PATIENCE says how many seconds to wait.\n  ${TO_TRAIN_ALONE}`,
    );
  }
}

/** Joins the processes that mpirun, srun or torchrun has started together with this one; undefined for a process by itself.
 *  @throws DeviceError mpi_unavailable, mpi_failed, ranks_apart, ranks_unreachable, ranks_variables, patience_invalid */
export function joinRanks(environment: Environment): Ranks | undefined {
  const launched = launchedWith(environment);
  return launched && new Ranks(launched, environment);
}

function patienceOf({ GANNET_RANKS_PATIENCE: text }: Environment): number {
  const seconds = Number(text ?? DEFAULT_PATIENCE_SECONDS);
  if (Number.isInteger(seconds) && seconds >= 2 && seconds <= 3600) return seconds;
  throw new DeviceError(
    'patience_invalid',
    `GANNET_RANKS_PATIENCE: expected whole seconds from 2 to 3600, but found '${text}'`,
  );
}
