import { DeviceError } from '../errors.ts';

/** Variables of a process, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables in which launchers say how many processes they have started: Open MPI's and MPICH's mpirun, Slurm's srun. */
const MPI_SIZES = ['OMPI_COMM_WORLD_SIZE', 'PMI_SIZE', 'SLURM_STEP_NUM_TASKS'];

/** Variables in which launchers say which of a machine's processes this one is: torchrun, Open MPI's and MPICH's mpirun, Slurm's srun. */
const LOCAL_RANKS = ['LOCAL_RANK', 'OMPI_COMM_WORLD_LOCAL_RANK', 'MPI_LOCALRANKID', 'SLURM_LOCALID'];

/** What torchrun tells each process, and gannet beside WORLD_SIZE needs. */
const TORCHRUN = ['RANK', 'MASTER_ADDR', 'MASTER_PORT'] as const;

/** Where rank 0 waits for the others, and who this process is among them. */
export interface TcpPlace {
  readonly address: string;
  readonly port: number;
  readonly rank: number;
  readonly ranks: number;
}

/** How this process was started together with others. */
export type Launched = { readonly by: 'mpi'; readonly ranks: number } | ({ readonly by: 'tcp' } & TcpPlace);

/** What to do where a shell has inherited the variables of a launcher, such as one of `srun --pty`. */
export const TO_TRAIN_ALONE = `To train on this process alone: \`env ${[...MPI_SIZES, 'WORLD_SIZE'].map((name) => `-u ${name}`).join(' ')} gannet ...\`.`;

const named = (environment: Environment, names: readonly string[]): string | undefined =>
  names.find((name) => environment[name] !== undefined && environment[name] !== '');

/** How a launcher has started this process together with others; undefined for a process by itself. The variables of torchrun go before those
 *  of MPI's launchers, which also start processes that do not speak through MPI.
 *  @throws DeviceError ranks_variables */
export function launchedWith(environment: Environment): Launched | undefined {
  const mpi = named(environment, MPI_SIZES);
  const mpiRanks = mpi === undefined ? 1 : Number(environment[mpi]);
  const ranks = named(environment, ['WORLD_SIZE']) ? wholeNumber(environment, 'WORLD_SIZE', 1) : 1;
  const missing = TORCHRUN.filter((name) => named(environment, [name]) === undefined);
  if (ranks > 1 && missing.length === 0) return { by: 'tcp', ranks, ...tcpPlace(environment, ranks) };
  if (mpiRanks > 1) return { by: 'mpi', ranks: mpiRanks };
  if (ranks === 1) return undefined;
  throw new DeviceError(
    'ranks_variables',
    `WORLD_SIZE says that ${ranks} processes train together, but ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} not set\n  torchrun sets WORLD_SIZE, RANK, LOCAL_RANK, MASTER_ADDR and MASTER_PORT for each process; so may you.\n  ${TO_TRAIN_ALONE}`,
  );
}

function tcpPlace(environment: Environment, ranks: number): Omit<TcpPlace, 'ranks'> {
  return {
    address: environment.MASTER_ADDR as string,
    port: portOf(environment),
    rank: wholeNumber(environment, 'RANK', 0, ranks - 1),
  };
}

const HIGHEST_PORT = 65_535;

/** torchrun listens at MASTER_PORT itself where it says so; then it is the port above. */
function portOf(environment: Environment): number {
  if (named(environment, ['GANNET_PORT'])) return wholeNumber(environment, 'GANNET_PORT', 1, HIGHEST_PORT);
  const taken = environment.TORCHELASTIC_USE_AGENT_STORE === 'True';
  return wholeNumber(environment, 'MASTER_PORT', 1, taken ? HIGHEST_PORT - 1 : HIGHEST_PORT) + (taken ? 1 : 0);
}

/** Which of its machine's processes this one is, counted from 0. @throws DeviceError ranks_variables where no launcher says so */
export function localRank(environment: Environment): number {
  const name = named(environment, LOCAL_RANKS);
  if (name !== undefined) return wholeNumber(environment, name, 0);
  throw new DeviceError(
    'ranks_variables',
    `each process uses a GPU of its own, but no launcher says which: none of ${LOCAL_RANKS.join(', ')} is set. Set LOCAL_RANK to 0, 1, ... on each machine`,
  );
}

function wholeNumber(environment: Environment, name: string, least: number, most = 1e6): number {
  const number = Number(environment[name]);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new DeviceError(
    'ranks_variables',
    `${name}: expected a whole number from ${least} to ${most}, but found '${environment[name]}'`,
  );
}
