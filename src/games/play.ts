/** What a game of one's own is made of: how the players of a match generate, judge and learn within a trace. */
export {
  applyGradients,
  discriminate,
  drawnNoise,
  generate,
  parameterGradients,
  realImages,
  update,
} from './players.ts';
