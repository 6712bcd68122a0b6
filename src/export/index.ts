export type { CheckResult } from './check.ts';
export type { ExportDescription } from './description.ts';
export { EXPORT_FORMATS, type Exported, type ExportFormatName, type ExportOptions, exportRun } from './export_run.ts';
export { type Imported, type ImportOptions, importGenerator } from './import_run.ts';
export { EXPORTED_NETWORKS, type NetworkName } from './networks.ts';
export type { Layout } from './portable/graph.ts';
