// PareGraph
