import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { PACKAGE_ROOT, packageVersion } from '../package.ts';
import { addonMissing, addonOfOtherVersion, addonUnloadable } from './addon_errors.ts';
import type { NativeAddon } from './native.ts';
import { deviceError, isAddonError } from './native_error.ts';

let loaded: NativeAddon | undefined;

/** The file that `loadAddon` loads. @throws DeviceError `addon_missing` */
export function addonFile(): string {
  const named = process.env.GANNET_ADDON;
  return named ? resolve(named) : findAddon(createRequire(import.meta.url)('node-gyp-build'));
}

/** The native addon: the file that GANNET_ADDON names, else the one built here (build/Release), else the one that the package
 *  brings for this platform (prebuilds/).
 *  @throws DeviceError `addon_missing`, `addon_unloadable` or `addon_version`, with the cause and what to do */
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
  const file = addonFile();
  const addon = load(require, file);
  if (addon.version !== packageVersion()) throw addonOfOtherVersion(file, addon.version);
  return addon;
}

function findAddon({ path }: { path(root: string): string }): string {
  try {
    return path(PACKAGE_ROOT);
  } catch (cause) {
    throw addonMissing(cause as Error);
  }
}

function load(require: NodeJS.Require, file: string): NativeAddon {
  try {
    return require(file);
  } catch (cause) {
    // The addon raises an error of its own where it refuses the environment; all others are of the system.
    throw isAddonError(cause) ? deviceError(cause) : addonUnloadable(file, cause as Error);
  }
}
