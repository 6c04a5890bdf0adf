// PareInference
