import { DeviceError } from '../errors.ts';
import { packageVersion } from '../package.ts';

const BUILD =
  'Build it on this machine with `npx gannet build`, which needs cmake, a C++20 compiler and oneDNN (apt-get install cmake g++ libdnnl-dev); in a checkout: npm run build:addon';

/** The error for a platform that has no addon. @param cause what node-gyp-build says of the platform */
export const addonMissing = (cause: Error): DeviceError =>
  new DeviceError('addon_missing', `there is no native addon for this platform. ${firstLine(cause)}\n  ${BUILD}`, {
    cause,
  });

/** The error for an addon that is there and was refused by the system. @param cause the dynamic loader's own words */
export const addonUnloadable = (file: string, cause: Error): DeviceError =>
  new DeviceError(
    'addon_unloadable',
    `the native addon ${file} could not be loaded: ${firstLine(cause)}\n  ${remedyFor(cause.message)}`,
    { cause },
  );

/** The error for an addon that was built from other sources than these. */
export const addonOfOtherVersion = (file: string, version: string): DeviceError =>
  new DeviceError(
    'addon_version',
    `the native addon ${file} is of gannet ${version}, and this is gannet ${packageVersion()}\n  ${BUILD}`,
  );

/** The Debian packages of the libraries that the addon needs. */
const DEBIAN: Readonly<Record<string, string>> = {
  'libdnnl.so.2': 'libdnnl2',
  'libdnnl.so.3': 'libdnnl3.6',
  'libgomp.so.1': 'libgomp1',
  'libOpenCL.so.1': 'ocl-icd-libopencl1',
  'libstdc++.so.6': 'libstdc++6',
};

/** What the loader's messages mean, and what helps. */
const REMEDIES: readonly { readonly message: RegExp; readonly remedy: (...groups: string[]) => string }[] = [
  {
    message: /((?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found/,
    remedy: (symbol) =>
      `This system is older than the addon, which needs ${symbol}: the one in the package runs on Debian 12, Ubuntu 22.04 and newer.\n  ${BUILD}`,
  },
  {
    message: /(lib[^\s:/]+): cannot open shared object file/,
    remedy: (library) =>
      `${library} belongs beside the addon or among the system's libraries. Install gannet again${DEBIAN[library] ? `, or run: apt-get install ${DEBIAN[library]}` : ''}`,
  },
  {
    message: /ELF header|ELF class|file too short|ELF file|machine type/,
    remedy: () =>
      'The file is damaged or for another platform, as when node_modules was copied from another machine. Install gannet again here: npm install',
  },
];

function remedyFor(message: string): string {
  for (const { message: pattern, remedy } of REMEDIES) {
    const match = pattern.exec(message);
    if (match) return remedy(...match.slice(1));
  }
  return BUILD;
}

const firstLine = (error: Error): string => (error.message.split('\n')[0] ?? '').trim();
