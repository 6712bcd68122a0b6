export {
  type EvaluatedRun,
  type Evaluation,
  type EvaluationListener,
  type EvaluationOptions,
  evaluateRun,
} from './evaluate.ts';
export { evaluationName, evaluationsFolder, writeEvaluation } from './report.ts';
