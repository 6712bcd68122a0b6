import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { kill } from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tinyTraining } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { freePort, type Launched, launchRank, MAIN, type Outcome } from './launch.ts';

const ALIVE = 'test/ranks/alive_child.ts';

interface Meeting {
  readonly ranks?: number;
  readonly port?: number;
  readonly environment?: NodeJS.ProcessEnv;
  readonly patienceSeconds?: number;
}

/** Starts processes with these ranks, which live for a second together and leave. */
async function meet(given: readonly number[], { port, ranks = 2, ...options }: Meeting = {}): Promise<Launched[]> {
  const at = port ?? (await freePort());
  return given.map((rank) => launchRank({ rank, ranks, port: at }, ALIVE, ['1'], options));
}

const ended = async (launched: readonly Launched[]) => Promise.all(launched.map(({ ended }) => ended));

test('three ranks meet, live together and leave', async () => {
  for (const { code, stderr } of await ended(await meet([2, 0, 1], { ranks: 3 }))) assert.is(code, 0, stderr);
});

test('rank 0 tells which ranks have not come, and so do those that have', async () => {
  for (const { code, stderr } of await ended(await meet([0, 2], { ranks: 4, patienceSeconds: 8 }))) {
    assert.is.not(code, 0);
    assert.match(stderr, /rank 0 has waited 8 s at 127\.0\.0\.1:\d+ for 4 ranks, but rank 1, 3 did not come/);
    assert.match(stderr, 'Every process needs the same MASTER_ADDR');
  }
});

test('a rank that reaches nobody says where it has tried', async () => {
  const [only] = (await ended(await meet([1], { patienceSeconds: 2 }))) as [Outcome];
  const { code, stderr } = only;
  assert.is.not(code, 0);
  assert.match(stderr, /rank 1 has reached nobody at 127\.0\.0\.1:\d+ for 2 s \(Connection refused\)/);
});

test('a rank that counts other ranks is named to all', async () => {
  const port = await freePort();
  const launched = [...(await meet([0], { port })), ...(await meet([1], { port, ranks: 3 }))];
  for (const { code, stderr } of await ended(launched)) {
    assert.is.not(code, 0);
    assert.match(stderr, /rank 1 \(.+\) counts 3 ranks, and rank 0 counts 2/);
  }
});

test('two processes with the same rank are refused', async () => {
  const [first] = await ended(await meet([0, 1, 1], { ranks: 3 }));
  assert.match(first?.stderr ?? '', /two processes are rank 1, on .+ and on /);
});

test('a port that another program has is named, and how to choose another', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [first] = await ended(await meet([0], { port }));
  server.close();
  assert.match(first?.stderr ?? '', `port ${port} of this machine is taken by another program`);
  assert.match(first?.stderr ?? '', 'let GANNET_PORT name a free one');
});

test('a rank that is answered by another program says so', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [first] = await ended(await meet([1], { port }));
  server.close();
  assert.match(first?.stderr ?? '', `rank 1 got no answer of a rank 0 of gannet at 127.0.0.1:${port}`);
});

test('strangers at the port of rank 0 are not taken for ranks', async () => {
  const port = await freePort();
  const [first] = (await meet([0], { port })) as [Launched];
  const stranger = await connectWhenThere(port);
  stranger.end('GET / HTTP/1.1\r\n\r\n');
  const [second] = (await meet([1], { port })) as [Launched];
  for (const { code, stderr } of await ended([first, second])) assert.is(code, 0, stderr);
});

test('what ended all ranks is said by rank 0 before any of them leaves, since a launcher kills the others then', async () => {
  const port = await freePort();
  const [first, second] = [0, 1].map((rank) =>
    launchRank({ rank, ranks: 2, port }, 'test/ranks/failing_child.ts', []),
  ) as [Launched, Launched];
  assert.is((await second.ended).code, 3);
  assert.match(first.output(), 'gannet: all have failed');
  assert.is((await first.ended).code, 3);
});

test('the process of a rank that ends is named at once', async () => {
  const port = await freePort();
  const [first, second] = [0, 1].map((rank) =>
    launchRank({ rank, ranks: 2, port }, ALIVE, ['600', 'tell'], { patienceSeconds: 600 }),
  ) as [Launched, Launched];
  await said(second, 'joined');
  kill(second.pid, 'SIGKILL');
  const { code, stderr } = await first.ended;
  assert.is.not(code, 0);
  assert.match(stderr, /rank 0 of 2 \(.+\) has lost rank 1 of 2 \(.+\): its process has ended\. Every rank is ended\./);
});

test('a rank that lives but does nothing any more is named, and every rank is ended', async () => {
  const port = await freePort();
  const launched = [0, 1, 2].map((rank) =>
    launchRank({ rank, ranks: 3, port }, ALIVE, ['600', 'blocked'], { patienceSeconds: 5 }),
  );
  const [first, , third] = await ended(launched);
  assert.match(first?.stderr ?? '', /rank 0 of 3 \(.+\) has heard nothing of rank 1 of 3 \(.+\) for 5 s/);
  assert.is.not(third?.code, 0);
});

test('processors are refused without MPI, and how they are started is said', async () => {
  const port = await freePort();
  const training = tinyTraining('--out', join(temporaryFolder(), 'run'));
  const launched = [0, 1].map((rank) => launchRank({ rank, ranks: 2, port }, MAIN, training));
  const [first] = await ended(launched);
  assert.match(
    first?.stderr ?? '',
    'train together on GPUs only. On processors they speak through MPI: mpirun -n 2 gannet train',
  );
});

test.run();

/** Connects once somebody listens. */
async function connectWhenThere(port: number): Promise<ReturnType<typeof connect>> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (isThere) return socket;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Resolves once a process has written the text. */
async function said({ output, ended }: Launched, text: string): Promise<void> {
  let look: NodeJS.Timeout | undefined;
  const written = new Promise<void>((resolve, reject) => {
    look = setInterval(() => output().includes(text) && resolve(), 20);
    ended.then(({ stderr }) => reject(new Error(`it ended by itself: ${stderr}`)), reject);
  });
  await written.finally(() => clearInterval(look));
}
