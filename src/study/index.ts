export type { StudyFile } from './file.ts';
export type { StudyReport } from './report.ts';
export type { Outcome } from './state.ts';
export { type StudyEvent, type StudyOptions, study } from './study.ts';
