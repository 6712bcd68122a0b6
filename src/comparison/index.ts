export { type ComparedRun, readComparedRun } from './compared_run.ts';
export { formatDuration } from './duration.ts';
export { type FinalFigures, finalFigures } from './figures.ts';
export { drawSideBySide, type SideBySide, type SideBySideOptions } from './grids.ts';
export { escapeMarkdown, markdownTable } from './markdown.ts';
export { panelsOfRuns, type RunCurves } from './panels.ts';
