// PareEvaluation
