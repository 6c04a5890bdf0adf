// PareTraining
