// PareModels
