import type { StudyFile } from '../../src/study/index.ts';
import { tinyData } from '../train/tiny.ts';

/** A study of trainings that take a fraction of a second each. */
export const tinyStudy = (changes: Partial<StudyFile> = {}): StudyFile => ({
  title: 'Tiny',
  base: {
    recipe: 'dcgan-digits',
    data: tinyData(),
    size: 16,
    batch: 8,
    latent: { size: 4 },
    model: { width: 2 },
    steps: 6,
    logEvery: 2,
    sampleEvery: 3,
    checkpointEvery: 2,
    sampleCount: 4,
    health: { collapseBelow: 0 },
    device: 'cpu',
    threads: 1,
  },
  vary: { 'model.kernel': [3, 4] },
  samples: { count: 3 },
  ...changes,
});
