import { argumentUses } from './arguments.ts';
import { memoryUses } from './memory.ts';
import { threadUses } from './threads.ts';
import type { Use } from './use.ts';

/** Every hostile use of the addon, by what it does. */
export const uses: Readonly<Record<string, Use>> = { ...argumentUses, ...memoryUses, ...threadUses };
