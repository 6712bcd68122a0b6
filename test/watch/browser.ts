import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { openWatch, type Watch } from '../../src/watch/index.ts';

/** Where Debian and others put the browser. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine; undefined where there is none. */
export const CHROMIUM = process.env.GANNET_TEST_CHROMIUM ?? PLACES.find((path) => existsSync(path));

/** Said where tests are skipped. */
export const NO_CHROMIUM = 'no chromium was found (apt-get install chromium, or name one in GANNET_TEST_CHROMIUM)';

const PATIENCE_MS = 120_000;

let browser: Promise<Browser> | undefined;

/** A page that is open on a watch, with all that went wrong in it. */
export interface OpenPage {
  readonly page: Page;
  readonly watch: Watch;
  /** Errors of its scripts, of its policy, and addresses it asked for that are not the watch's own. */
  readonly problems: string[];
  close(): Promise<void>;
}

/** Opens the page over a folder. @param fragment of the address, such as `#/run?id=a` */
export async function openPage(
  folder: string,
  fragment = '',
  how: { readonly width?: number; readonly dark?: boolean } = {},
): Promise<OpenPage> {
  const watch = await openWatch(folder, { port: 0, intervalMs: 20 });
  // A container has no room for the browser's own sandbox.
  browser ??= chromium.launch({ executablePath: CHROMIUM as string, args: ['--no-sandbox'] });
  const page = await (await browser).newPage({
    viewport: { width: how.width ?? 1200, height: 900 },
    colorScheme: how.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  // A busy machine is no fault of the page.
  page.setDefaultTimeout(PATIENCE_MS);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(watch.url) && !/^(data|blob):/.test(url)) problems.push(`asked for ${url}`);
  });
  await page.goto(watch.url + fragment);
  return {
    page,
    watch,
    problems,
    async close() {
      await page.close();
      await watch.close();
    },
  };
}

export const closeBrowser = async (): Promise<void> => (await browser)?.close();
