import type { Monitor } from '../losses/index.ts';

const shared = { panel: 'losses', meaning: 'loss', unit: '' } as const;

/** What every game reports: the losses of its two players. */
export const lossMonitors = {
  discriminatorLoss: { label: 'lossD', ...shared },
  generatorLoss: { label: 'lossG', ...shared },
} satisfies Record<string, Monitor>;
