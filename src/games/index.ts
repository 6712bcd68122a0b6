export { adversarial } from './adversarial.ts';
export { createWeightAverage, trackAverage, useAverage, type WeightAverage } from './average.ts';
export type { DescriptorStatistics } from './descriptors.ts';
export { type Autoencoder, type Began, equilibrium } from './equilibrium.ts';
export type { Game, Gan, Match, NoiseSource, StepProgram, Update } from './game.ts';
export type { LatentConfig } from './latents.ts';
export { createPlayers, type Player, type Players } from './players.ts';
export { batchesIn, batchesThrough, constantly, type Repeats } from './schedule.ts';
