export {
  describeExtractor,
  epochFile,
  expectExtractorPlace,
  type StoredExtractor,
  writeExtractor,
} from './file.ts';
export { type ExtractorTrainingOptions, expectTellable, type TrainedExtractor, trainExtractor } from './training.ts';
