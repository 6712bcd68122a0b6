export {
  type AdversarialLoss,
  type AdversarialLossName,
  adversarialLosses,
  type Measured,
  type Targets,
  type Verdict,
  type Verdicts,
} from './adversarial.ts';
export { binaryCrossEntropy, probabilityCrossEntropy } from './cross_entropy.ts';
export { type Balance, balance, reconstructionError, reconstructionErrors } from './equilibrium.ts';
export { type GradientPenalty, gradientPenalty, penaltyMonitors } from './gradient_penalty.ts';
export type { Meaning, MetricContext, Monitor, Monitors, TroubleSign } from './monitor.ts';
export { meanSquaredError } from './regression.ts';
export { softmax, softmaxCrossEntropy } from './softmax.ts';
export { type Scored, squaredSlopes } from './squared_slopes.ts';
