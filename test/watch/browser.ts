import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { suite, type Test } from 'uvu';
import * as assert from 'uvu/assert';
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
async function openPage(
  folder: string,
  fragment = '',
  how: { readonly width?: number; readonly height?: number; readonly dark?: boolean } = {},
): Promise<OpenPage> {
  const watch = await openWatch(folder, { port: 0, intervalMs: 20 });
  // A container has no room for the browser's own sandbox.
  browser ??= chromium.launch({ executablePath: CHROMIUM as string, args: ['--no-sandbox'] });
  const page = await (await browser).newPage({
    viewport: { width: how.width ?? 1200, height: how.height ?? 900 },
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

/** What opens pages for a suite, and closes each behind its test. Parameters as of `openPage`. */
export function pagesOf(test: Test): typeof openPage {
  const open: OpenPage[] = [];
  test.after.each(async () => {
    for (const opened of open.splice(0)) await opened.close();
  });
  test.after(async () => (await browser)?.close());
  return async (...how) => {
    const opened = await openPage(...how);
    open.push(opened);
    return opened;
  };
}

/** Runs a suite, which is skipped with a word where there is no browser. */
export function runInBrowser(test: Test, name: string): void {
  if (CHROMIUM !== undefined) {
    test.run();
    return;
  }
  console.log(`Skipped: ${NO_CHROMIUM}`);
  const skipped = suite(name);
  skipped.skip(NO_CHROMIUM, () => {});
  skipped.run();
}

/** Looks again until something is so; each look is a round trip to the browser. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 20_000; looks++) if (await isSo()) return;
  assert.unreachable(`it never came to be so: ${isSo}`);
}

/** Serious faults that axe finds in a page as it is, with the elements that have them. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // The page's policy lets no script in but its own; the debugger is not held to it.
  const { violations } = (await page.evaluate(`${axe}; axe.run()`)) as AxeResults;
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
