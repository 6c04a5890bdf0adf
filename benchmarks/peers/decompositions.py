"""Errors of numpy's truncated singular value decomposition and of tensorly's Tucker and CP decompositions on the arrays of
SingularValueDecompositionTests.swift and TensorDecompositionTests.swift, in Tests/PareLinearAlgebraTests."""

import warnings

import numpy as np
import tensorly
from tensorly.decomposition import parafac, partial_tucker, tucker


def sine(shape):
    n = np.arange(int(np.prod(shape)), dtype=np.float64)
    return np.sin(n * n * 0.013 + n * 0.7).reshape(shape)


def low(shape):
    factors = [np.cos(0.9 * np.arange(extent)[:, None] * (1 + np.arange(3)[None, :]) + 0.3 * axis)
               for axis, extent in enumerate(shape)]
    return tensorly.cp_to_tensor((np.ones(3), factors)) + 0.05 * sine(shape)


def error(array, approximation):
    return np.linalg.norm(array - approximation) / np.linalg.norm(array)


def main():
    warnings.simplefilter("ignore")
    print(f"numpy {np.__version__}, tensorly {tensorly.__version__}")
    for name, make in [("sine", sine), ("low", low)]:
        for shape in [(40, 24), (24, 40), (128, 64)]:
            array = make(shape)
            left, values, right = np.linalg.svd(array, full_matrices=False)
            errors = [error(array, left[:, :rank] * values[:rank] @ right[:rank]) for rank in (1, 4, 12)]
            print(name, shape, "of rank 1 %.10f, 4 %.10f, 12 %.10f" % tuple(errors))
    for name, make in [("sine", sine), ("low", low)]:
        for shape, ranks in [((12, 8, 3), [5, 4, 2]), ((10, 6, 3, 3), [4, 3, 2, 2])]:
            array = make(shape)
            full = tucker(array, rank=ranks, n_iter_max=500, tol=1e-12)
            (core, factors), _ = partial_tucker(array, rank=ranks[:2], modes=[0, 1], n_iter_max=500, tol=1e-12)
            errors = [error(array, tensorly.tucker_to_tensor(full)),
                      error(array, tensorly.tenalg.multi_mode_dot(core, factors, modes=[0, 1]))]
            for rank in (3, 6):
                starts = [("svd", 0)] + [("random", seed) for seed in range(1, 5)]
                errors.append(min(
                    error(array, tensorly.cp_to_tensor(
                        parafac(array, rank=rank, n_iter_max=2000, tol=1e-10, init=init, random_state=seed)))
                    for init, seed in starts))
            print(name, shape, "Tucker %.10f, of two axes %.10f, CP of 3 %.10f, of 6 %.10f" % tuple(errors))


if __name__ == "__main__":
    main()
