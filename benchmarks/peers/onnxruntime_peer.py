"""onnxruntime as a peer: one thread, sequential, all optimizations, input and output in buffers bound before timing."""

import pathlib
import time

import numpy as np
import onnxruntime


class Peer:
    """A session of a model with one input and one output that are Float32 at batch 1."""

    def __init__(self, model: bytes | str | pathlib.Path, output: str | None = None):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"])
        given = self.session.get_inputs()[0]
        output = output or self.session.get_outputs()[0].name
        self.x = np.zeros([extent if isinstance(extent, int) else 1 for extent in given.shape], np.float32)
        self.y = np.ascontiguousarray(self.session.run([output], {given.name: self.x})[0])
        self.binding = self.session.io_binding()
        self.binding.bind_input(given.name, "cpu", 0, np.float32, self.x.shape, self.x.ctypes.data)
        self.binding.bind_output(output, "cpu", 0, np.float32, self.y.shape, self.y.ctypes.data)

    def run(self, row):
        self.x[0] = row
        self.session.run_with_iobinding(self.binding)
        return self.y[0].copy()

    def time(self, rows, count: int):
        """p50 and p99 in nanoseconds of single runs over different rows, without putting the row in place."""
        run, binding, clock, x = self.session.run_with_iobinding, self.binding, time.perf_counter_ns, self.x
        taken = np.empty(count)
        for index in range(-(count // 10 + 1), count):
            x[0] = rows[index % len(rows)]
            start = clock()
            run(binding)
            taken[index] = clock() - start
        return np.percentile(taken, [50, 99])
