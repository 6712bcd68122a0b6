export { type ReportFormat, type ReportOptions, writeReport } from './write.ts';
