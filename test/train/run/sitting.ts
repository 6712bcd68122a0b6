import type { Sitting } from '../../../src/train/run/sittings.ts';

/** A sitting of which only these things are told. */
export const sitting = (told: Partial<Sitting>): Sitting => ({
  from: 0,
  startedAt: '2026-11-22T03:10:45.123Z',
  gannet: '0.1.0',
  node: 'v20.0.0',
  device: 'cpu: a processor',
  details: { isa: 'avx512', threads: '2' },
  ...told,
});
