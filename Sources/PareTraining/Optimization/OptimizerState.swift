import CPareKernels
import PareTensor
import RealModule

/// An optimizer at work: its moments and how many steps it has made.
package final class OptimizerState {
  private let optimizer: Optimizer
  private let kernels: TrainingKernels
  /// Momentum, or Adam's first moment.
  private let first: ParameterVector
  /// Adam's second moment.
  private let second: ParameterVector?
  private var stepCount = 0

  package init(_ optimizer: Optimizer, layout: ParameterLayout, kernels: TrainingKernels = .best) {
    self.optimizer = optimizer
    self.kernels = kernels
    first = ParameterVector(layout)
    if case .sgd = optimizer { second = nil } else { second = ParameterVector(layout) }
  }

  /// One step over all parameters.
  package func step(_ parameters: ParameterVector, gradient: ParameterVector) {
    stepCount += 1
    let layout = parameters.layout
    apply(to: 0..<layout.decayedCount, decays: true, parameters, gradient)
    apply(to: layout.decayedCount..<layout.elementCount, decays: false, parameters, gradient)
  }

  private func apply(to range: Range<Int>, decays: Bool, _ parameters: ParameterVector, _ gradient: ParameterVector) {
    guard !range.isEmpty, let p = parameters.elements.baseAddress, let g = gradient.elements.baseAddress,
      let m = first.elements.baseAddress
    else { return }
    let start = range.lowerBound
    if case .sgd(let rate, let momentum, let decay) = optimizer {
      let step = pare_sgd_step(
        learning_rate: Float(rate), momentum: Float(momentum), coupled_decay: decays ? Float(decay) : 0)
      kernels.optimizer.sgd(p + start, g + start, m + start, range.count, step)
    } else if let v = second?.elements.baseAddress, let step = adamStep(decays: decays) {
      kernels.optimizer.adam(p + start, g + start, m + start, v + start, range.count, step)
    }
  }

  /// The constants of this step, worked out in Float64 and rounded once. Bias correction divides the first moment by
  /// `1 − β1ᵗ` and the second by `1 − β2ᵗ`.
  private func adamStep(decays: Bool) -> pare_adam_step? {
    switch optimizer {
    case .sgd: nil
    case .adam(let rate, let beta1, let beta2, let epsilon, let decay):
      adamStep(rate, beta1, beta2, epsilon, coupled: decays ? decay : 0, decoupled: 0)
    case .adamW(let rate, let beta1, let beta2, let epsilon, let decay):
      adamStep(rate, beta1, beta2, epsilon, coupled: 0, decoupled: decays ? decay : 0)
    }
  }

  private func adamStep(
    _ rate: Double, _ beta1: Double, _ beta2: Double, _ epsilon: Double, coupled: Double, decoupled: Double
  ) -> pare_adam_step {
    pare_adam_step(
      beta1: Float(beta1), one_minus_beta1: Float(1 - beta1), beta2: Float(beta2), one_minus_beta2: Float(1 - beta2),
      step_size: Float(rate / (1 - .pow(beta1, stepCount))),
      second_moment_scale: Float(1 / (1 - .pow(beta2, stepCount)).squareRoot()), epsilon: Float(epsilon),
      coupled_decay: Float(coupled), retained: Float(1 - rate * decoupled))
  }
}
