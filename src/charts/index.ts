export { type Curve, drawLines, type LineOptions, type LinePanel } from './lines.ts';
export { writeDrawing } from './render.ts';
export { smooth } from './smooth.ts';
export type { Theme } from './theme.ts';
export { drawTimeline, type TimelineOptions, type TimelineRow } from './timeline.ts';
