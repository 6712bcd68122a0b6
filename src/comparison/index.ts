export { type ComparedRun, type ReadEvaluation, readComparedRun } from './compared_run.ts';
export { drawRunCurves } from './curves.ts';
export { type FinalFigures, finalFigures } from './figures.ts';
export { drawSideBySide, type SideBySide, type SideBySideOptions } from './grids.ts';
export { markdownTable } from './markdown.ts';
