import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Environment, launchedWith, localRank, type TcpPlace } from '../../src/device/launcher.ts';

const TORCHRUN = { RANK: '1', WORLD_SIZE: '4', MASTER_ADDR: 'one', MASTER_PORT: '29500' };

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'ranks_variables');
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
};

test('a process without the variables of a launcher is by itself, and so is the only one of a launcher', () => {
  assert.is(launchedWith({}), undefined);
  assert.is(launchedWith({ WORLD_SIZE: '1', RANK: '0' }), undefined);
  assert.is(launchedWith({ OMPI_COMM_WORLD_SIZE: '1' }), undefined);
});

test('the variables of torchrun tell where rank 0 waits', () => {
  assert.equal(launchedWith(TORCHRUN), { by: 'tcp', address: 'one', port: 29500, rank: 1, ranks: 4 });
});

test('GANNET_PORT is another port than that of torchrun', () => {
  assert.equal(launchedWith({ ...TORCHRUN, GANNET_PORT: '29600' }), {
    ...{ by: 'tcp', address: 'one', rank: 1, ranks: 4 },
    port: 29600,
  });
});

test('the port is one above that which torchrun listens at itself', () => {
  const agent = { ...TORCHRUN, TORCHELASTIC_USE_AGENT_STORE: 'True' };
  const portOf = (environment: Environment) => (launchedWith(environment) as TcpPlace).port;
  assert.is(portOf(agent), Number(TORCHRUN.MASTER_PORT) + 1);
  assert.is(portOf({ ...agent, GANNET_PORT: '29600' }), 29600);
  assert.is(portOf({ ...agent, TORCHELASTIC_USE_AGENT_STORE: 'False' }), Number(TORCHRUN.MASTER_PORT));
});

test('mpirun and srun start processes that speak through MPI, unless the variables of torchrun are all there', () => {
  assert.equal(launchedWith({ OMPI_COMM_WORLD_SIZE: '2' }), { by: 'mpi', ranks: 2 });
  assert.equal(launchedWith({ PMI_SIZE: '3', WORLD_SIZE: '3' }), { by: 'mpi', ranks: 3 });
  assert.is(launchedWith({ SLURM_STEP_NUM_TASKS: '4', ...TORCHRUN })?.by, 'tcp');
});

test('variables that are missing are named', () => {
  const message = refusal(() => launchedWith({ WORLD_SIZE: '2', RANK: '0' }));
  assert.match(message, /2 processes train together, but MASTER_ADDR, MASTER_PORT are not set/);
  assert.match(message, '-u WORLD_SIZE gannet');
});

test('variables that are no such numbers are named', () => {
  assert.match(
    refusal(() => launchedWith({ ...TORCHRUN, RANK: '4' })),
    "RANK: expected a whole number from 0 to 3, but found '4'",
  );
  assert.match(
    refusal(() => launchedWith({ ...TORCHRUN, MASTER_PORT: 'x' })),
    'MASTER_PORT',
  );
  assert.match(
    refusal(() => launchedWith({ ...TORCHRUN, WORLD_SIZE: '0' })),
    'WORLD_SIZE',
  );
});

test('the local rank of each launcher chooses the GPU, that of torchrun first', () => {
  assert.is(localRank({ LOCAL_RANK: '3', SLURM_LOCALID: '1' }), 3);
  for (const name of ['OMPI_COMM_WORLD_LOCAL_RANK', 'MPI_LOCALRANKID', 'SLURM_LOCALID'])
    assert.is(localRank({ [name]: '2' }), 2);
  assert.match(
    refusal(() => localRank({})),
    'Set LOCAL_RANK',
  );
});

test.run();
