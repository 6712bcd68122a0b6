import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { type DeviceKeys, deviceKeysOf } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { statOf } from '../files.ts';
import { createApp } from './app.ts';
import { Projector } from './latents/projector.ts';
import { Studio } from './latents/studio.ts';
import { LiveRuns } from './live.ts';
import { loadPage } from './page_files.ts';
import { Runs } from './runs/runs.ts';

/** How runs are watched; the keys of the device say where pictures of latents are drawn. */
export interface WatchOptions extends DeviceKeys {
  /** The address or name to listen on. Default 127.0.0.1, which only this machine reaches. */
  readonly host?: string | undefined;
  /** Default 6116, or any other free one if that is taken; 0 takes any. */
  readonly port?: number | undefined;
  /** Part of the address that a browser must name; a random one if not given. */
  readonly token?: string | undefined;
  /** Milliseconds between two looks at the folder; 1000 if not given. */
  readonly intervalMs?: number | undefined;
}

/** A page over runs that is being served. */
export interface Watch {
  /** What a browser opens. */
  readonly url: string;
  /** Whether other machines may reach it. */
  readonly isOpen: boolean;
  /** How many runs there were when it was opened. */
  readonly runCount: number;
  close(): Promise<void>;
}

const USUAL_PORT = 6116;
const TOKEN_BYTES = 18;
const MOST_CONNECTIONS = 256;
/** A connection that sends no whole request is closed. */
const REQUEST_MS = 20_000;

/** Serves a page over the runs in a folder. @throws ConfigError watch_folder, port_in_use, host_unusable */
export async function openWatch(folder: string, options: WatchOptions = {}): Promise<Watch> {
  const { host = '127.0.0.1', token = randomBytes(TOKEN_BYTES).toString('base64url'), intervalMs = 1000 } = options;
  if (!statOf(folder)?.isDirectory())
    throw new ConfigError(
      'watch_folder',
      `${folder} is no folder. Name one with runs in it, or the folder of a run; \`gannet train\` makes runs/.`,
    );
  const runs = new Runs(folder);
  const [found, page] = await Promise.all([runs.list(), loadPage()]);
  const live = new LiveRuns(runs, intervalMs);
  const studio = new Studio(deviceKeysOf(options));
  const projector = new Projector(deviceKeysOf(options));
  const app = createApp({ runs, live, studio, projector, page, token, hosts: [host] });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.maxConnections = MOST_CONNECTIONS;
  server.requestTimeout = REQUEST_MS;
  await listen(server, host, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}/${token}/`,
    isOpen: !LOOPBACK.test(host),
    runCount: found.length,
    async close() {
      live.close();
      await projector.close();
      await studio.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** Without a port that was asked for, the usual one is taken, or any other if that is in use. */
async function listen(server: Server, host: string, asked: number | undefined): Promise<void> {
  try {
    await listenOn(server, host, asked ?? USUAL_PORT);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' && asked === undefined) return listenOn(server, host, 0);
    if (code === 'EADDRINUSE' || code === 'EACCES')
      throw new ConfigError(
        'port_in_use',
        `port ${asked} of ${host} ${code === 'EACCES' ? 'may not be used by this user' : 'is in use by another program'}. Choose another with --port, or leave it out for any that is free.`,
      );
    throw new ConfigError(
      'host_unusable',
      `--host ${host}: ${message}. Name an address of this machine, such as 127.0.0.1.`,
    );
  }
}

async function listenOn(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}
