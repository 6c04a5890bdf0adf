// PareLinearAlgebra
