// PareBacktest
