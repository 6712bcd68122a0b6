import { createRequire } from 'node:module';
import { DeviceError } from '../errors.ts';
import { PACKAGE_ROOT } from '../package.ts';
import type { NativeAddon } from './native.ts';

let loaded: NativeAddon | undefined;

/** The native addon: a prebuilt binary of this platform, the one built here, or the file that GANNET_ADDON names.
 *  @throws DeviceError `addon_missing` with the cause and the command that builds it */
export function loadAddon(): NativeAddon {
  loaded ??= requireAddon();
  return loaded;
}

/** How long a thread of the OpenMP runtime spins for work before it sleeps. The runtime's own choice, milliseconds, costs a busy
 *  machine ten times the training time: a spinning thread holds the very core that the others wait for. */
const SPIN_COUNT = '1000';

function requireAddon(): NativeAddon {
  // The runtime reads its environment once, when the addon brings it in.
  process.env.GOMP_SPINCOUNT ??= SPIN_COUNT;
  const require = createRequire(import.meta.url);
  try {
    const file = process.env.GANNET_ADDON;
    return (file ? require(file) : require('node-gyp-build')(PACKAGE_ROOT)) as NativeAddon;
  } catch (cause) {
    const reason = (cause as Error).message.split('\n')[0];
    throw new DeviceError(
      'addon_missing',
      `the native addon could not be loaded: ${reason}\n  Build it with \`npm run build:addon\` (needs cmake, a C++ compiler and oneDNN: apt-get install cmake g++ libdnnl-dev).`,
      { cause },
    );
  }
}
