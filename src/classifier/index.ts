export {
  describeClassifier,
  expectClassifierPlace,
  isClassifierName,
  type OpenClassifier,
  openClassifier,
  type StoredClassifier,
  writeClassifier,
} from './file.ts';
export type { LearningProgress } from './learning.ts';
export type { ClassifierArchitecture, ClassifierNetwork } from './network.ts';
export { type NetworkFiles, networkFiles } from './network_file.ts';
export { type LabelledParts, type LearnedFrom, openLabelledParts, splitBySeed } from './parts.ts';
export type { Classified, ClassifierRunner } from './runner.ts';
export {
  type ClassifierProgress,
  type ClassifierTrainingOptions,
  type TrainedClassifier,
  trainClassifier,
} from './training.ts';
