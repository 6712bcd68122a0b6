export { type AdversarialLoss, type AdversarialLossName, adversarialLosses, binaryCrossEntropy, type LabelSmoothing } from './gan.ts';
export { meanSquaredError } from './regression.ts';
