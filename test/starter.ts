/** What Node imports first in a program of the checkout that a test starts: what finds the bundles that the test runner has made, or, where
 *  a test runs by itself, tsx. */
export const STARTER =
  process.env.GANNET_TEST_BUNDLES === undefined
    ? 'tsx'
    : new URL('../scripts/testing/children.mjs', import.meta.url).href;
