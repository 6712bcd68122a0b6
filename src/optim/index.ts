export {
  createOptimizer,
  OPTIMIZER_DEFAULTS,
  type Optimizer,
  type OptimizerConfig,
  type OptimizerName,
} from './optimizer.ts';
