import type { DeviceListener } from '../device/index.ts';
import { type Io, printLine } from './io.ts';

/** Tells on stderr which device a command works on, and why not on a better one; nothing where its results are JSON. */
export const deviceNote =
  (io: Io, { json = false }: { readonly json?: boolean }): DeviceListener =>
  ({ reason }) => {
    if (!json) printLine(io.stderr, `Device: ${reason}`);
  };
