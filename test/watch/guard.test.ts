import { hostname } from 'node:os';
import { Hono } from 'hono';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { guard } from '../../src/watch/guard.ts';

const app = new Hono().use(guard('right', ['Box.Example'])).get('*', (context) => context.text('in'));

/** The status of a request with the token. */
const statusOf = async (headers: Record<string, string>): Promise<number> =>
  (await app.request('/right/', { headers })).status;

test('the names of this machine and those of --host are its own, in capitals too', async () => {
  for (const host of [
    hostname(),
    'localhost',
    'LOCALHOST:6116',
    'box.example',
    'BOX.example:80',
    '10.0.0.7',
    '[::1]:80',
  ])
    assert.is(await statusOf({ host }), 200, host);
  for (const host of ['', 'box.example.evil', 'evil.box.example', '10.0.0.7.evil', '[::1'])
    assert.is(await statusOf({ host }), 403, host);
});

test('a link on another site opens the page, and nothing else of that site reaches it', async () => {
  const from = (site: string, mode: string) =>
    statusOf({ host: 'localhost', 'sec-fetch-site': site, 'sec-fetch-mode': mode });
  assert.equal([await from('cross-site', 'navigate'), await from('same-origin', 'cors')], [200, 200]);
  for (const mode of ['no-cors', 'cors', 'websocket']) assert.is(await from('cross-site', mode), 403, mode);
  assert.is(await statusOf({ host: 'localhost', origin: 'https://localhost' }), 403, 'of another protocol');
});

test.run();
