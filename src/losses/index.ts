export { type Balance, balance, reconstructionError } from './equilibrium.ts';
export {
  type AdversarialLoss,
  type AdversarialLossName,
  adversarialLosses,
  binaryCrossEntropy,
  type LabelSmoothing,
  type Verdicts,
} from './gan.ts';
export { type GradientPenalty, gradientPenalty } from './gradient_penalty.ts';
export { meanSquaredError } from './regression.ts';
