import type { StudyFile } from '../../src/study/index.ts';
import { tinySettings } from '../train/tiny.ts';

/** A study of trainings that take a fraction of a second each. */
export const tinyStudy = (changes: Partial<StudyFile> = {}): StudyFile => ({
  title: 'Tiny',
  base: tinySettings(),
  vary: { 'model.kernel': [3, 4] },
  samples: { count: 3 },
  ...changes,
});
