import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DeviceError } from '../errors.ts';
import { PACKAGE_ROOT } from '../package.ts';
import { loadAddon } from './addon.ts';
import { callAddon } from './native_error.ts';

/** Variables of a process, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The library that the addon reaches MPI through: the one that GANNET_MPI names, else the one that `gannet build --mpi` makes. */
const libraryFor = ({ GANNET_MPI: named }: Environment): string =>
  named ? resolve(named) : join(PACKAGE_ROOT, 'build-mpi', 'gannet_mpi.so');

/** Variables in which launchers say how many processes they have started: Open MPI's and MPICH's mpirun, Slurm's srun. */
const SIZES = ['OMPI_COMM_WORLD_SIZE', 'PMI_SIZE', 'SLURM_STEP_NUM_TASKS'];

/** How many processes a launcher has started together with this one; 1 if there is none. */
function startedTogether(environment: Environment): number {
  const name = SIZES.find((size) => environment[size] !== undefined);
  return name === undefined ? 1 : Number(environment[name]);
}

/** What to do where a shell has inherited the variables of a launcher, such as one of `srun --pty`. */
const TO_TRAIN_ALONE = `To train on this process alone: \`env ${SIZES.map((name) => `-u ${name}`).join(' ')} gannet ...\`.`;

const DEFAULT_PATIENCE_SECONDS = 40;
const BEAT_MS = 1000;

/** This process among those that train together, and what they have in common. */
export class Ranks {
  /** From 0; rank 0 writes the run. */
  readonly rank: number;
  /** How many there are. */
  readonly ranks: number;
  private readonly beating: NodeJS.Timeout;
  private ended = false;

  /** @param started how many processes the launcher has started */
  constructor(started: number, library: string, patienceSeconds: number) {
    if (!existsSync(library)) {
      throw new DeviceError(
        'mpi_unavailable',
        `${started} processes were started together, but gannet's library for MPI is not there (${library})\n  Build it on this machine: \`npx gannet build --mpi\`. On Debian and Ubuntu, MPI itself is \`apt-get install openmpi-bin libopenmpi-dev\`.\n  ${TO_TRAIN_ALONE}`,
      );
    }
    const addon = loadAddon();
    const joined = callAddon(() => addon.joinRanks(library, patienceSeconds));
    if (joined.ranks !== started) {
      throw new DeviceError(
        'ranks_apart',
        `${started} processes were started together, but MPI knows of ${joined.ranks}: the launcher is of another MPI than gannet's library was built with\n  Use the mpirun of that MPI, with Slurm \`srun --mpi=pmix\`, or build the library again: \`npx gannet build --mpi\`.\n  ${TO_TRAIN_ALONE}`,
      );
    }
    this.rank = joined.rank;
    this.ranks = joined.ranks;
    this.beating = setInterval(() => addon.beat(), BEAT_MS);
    this.beating.unref();
  }

  /** What is said, after what happened, where a rank dies or hangs. */
  advise(text: string): void {
    loadAddon().setAdvice(text);
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

/** Joins the processes that mpirun or srun has started together with this one; undefined for a process by itself.
 *  @throws DeviceError mpi_unavailable, mpi_failed, ranks_apart, patience_invalid */
export function joinRanks(environment: Environment): Ranks | undefined {
  const started = startedTogether(environment);
  return started > 1 ? new Ranks(started, libraryFor(environment), patienceOf(environment)) : undefined;
}

function patienceOf({ GANNET_RANKS_PATIENCE: text }: Environment): number {
  const seconds = Number(text ?? DEFAULT_PATIENCE_SECONDS);
  if (Number.isInteger(seconds) && seconds >= 2 && seconds <= 3600) return seconds;
  throw new DeviceError(
    'patience_invalid',
    `GANNET_RANKS_PATIENCE: expected whole seconds from 2 to 3600, but found '${text}'`,
  );
}
