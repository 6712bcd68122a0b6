import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { MiddlewareHandler } from 'hono';

/** What every answer says of how a browser may use it: nothing comes from elsewhere, nothing is framed, nothing is remembered. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** Lets only requests through that name the token as the first part of their path, that were sent to this machine by a name that nobody else can
 *  give an address (a page elsewhere could be given ours: DNS rebinding), and that do not come from another site.
 *  @param hosts names beside addresses and localhost by which the server is reached */
export function guard(token: string, hosts: readonly string[] = []): MiddlewareHandler {
  const names = new Set(['localhost', hostname().toLowerCase(), ...hosts.map((host) => host.toLowerCase())]);
  return async (context, next) => {
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
    const { host = '', origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = context.req.header();
    const refuse = (message: string) => context.json({ code: 'refused', message }, 403);
    if (!isOwnHost(host, names))
      return refuse(
        `the server was asked for by the name '${host}', which is not one of this machine; open the address that gannet watch printed`,
      );
    if (origin !== undefined && origin !== `http://${host}`) return refuse('the request comes from another site');
    if (site === 'cross-site' && mode !== 'navigate') return refuse('the request comes from another site');
    if (!isSame(new URL(context.req.url).pathname.split('/')[1] ?? '', token))
      return refuse('the address lacks the token, or has another; open the whole address that gannet watch printed');
    await next();
    return undefined;
  };
}

/** Whether a Host header, with or without a port, is an address or one of the names. */
function isOwnHost(header: string, names: ReadonlySet<string>): boolean {
  const host = header.toLowerCase().replace(/:\d+$/, '');
  return names.has(host) || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/** Takes as long for any two texts, so that the time tells nothing of how much is right. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
