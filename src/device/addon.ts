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

function requireAddon(): NativeAddon {
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
