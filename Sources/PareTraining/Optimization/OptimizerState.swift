import CPareKernels
import PareTensor
import RealModule

/// An optimizer at work: its moments and how many steps it has made.
package final class OptimizerState {
  /// The constants of one step, worked out in Float64 and rounded once: for parameters that decay, and for others.
  private enum Step {
    case sgd(decaying: pare_sgd_step, other: pare_sgd_step)
    case adam(decaying: pare_adam_step, other: pare_adam_step)
    case lamb(LayerwiseStep)
  }

  private let optimizer: Optimizer
  private let kernels: TrainingKernels
  /// Momentum, or Adam's first moment.
  package let first: ParameterVector
  /// Adam's second moment.
  package let second: ParameterVector?
  /// What a layer-wise step works in; nil for other optimizers.
  private let direction: ParameterVector?
  package var stepCount = 0
  private var current: Step?

  package init(_ optimizer: Optimizer, layout: ParameterLayout, kernels: TrainingKernels = .best) {
    self.optimizer = optimizer
    self.kernels = kernels
    first = ParameterVector(layout)
    second = optimizer.momentCount > 1 ? ParameterVector(layout) : nil
    direction = optimizer.isLayerwise ? ParameterVector(layout) : nil
  }

  /// One step over all parameters.
  package func step(_ parameters: ParameterVector, gradient: ParameterVector) {
    begin(rateFactor: 1)
    guard optimizer.isLayerwise else { return apply(to: 0..<parameters.layout.elementCount, parameters, gradient) }
    for entry in parameters.layout.entries { apply(to: entry, parameters, gradient) }
  }

  /// Begins a step, which `apply` then carries out range by range.
  ///
  /// - Parameter rateFactor: the schedule's, on the learning rate.
  func begin(rateFactor: Double) {
    stepCount += 1
    switch optimizer {
    case .sgd(let rate, let momentum, let decay):
      func step(_ decay: Double) -> pare_sgd_step {
        pare_sgd_step(learning_rate: Float(rate * rateFactor), momentum: Float(momentum), coupled_decay: Float(decay))
      }
      current = .sgd(decaying: step(decay), other: step(0))
    case .adam(let rate, let beta1, let beta2, let epsilon, let decay):
      let other = adamStep(rate * rateFactor, beta1, beta2, epsilon)
      var decaying = other
      decaying.coupled_decay = Float(decay)
      current = .adam(decaying: decaying, other: other)
    case .adamW(let rate, let beta1, let beta2, let epsilon, let decay):
      let other = adamStep(rate * rateFactor, beta1, beta2, epsilon)
      var decaying = other
      decaying.retained = Float(1 - rate * rateFactor * decay)
      current = .adam(decaying: decaying, other: other)
    case .lamb(let rate, let beta1, let beta2, let epsilon, let decay):
      // From zeros, a step of −1 leaves the direction itself.
      current = .lamb(
        LayerwiseStep(direction: adamStep(-1, beta1, beta2, epsilon), rate: rate * rateFactor, decay: decay))
    }
  }

  /// Carries a layer-wise step out over one parameter. Several may be worked on at the same time.
  func apply(to entry: ParameterLayout.Entry, _ parameters: ParameterVector, _ gradient: ParameterVector) {
    guard case .lamb(let step) = current, let second, let direction else {
      preconditionFailure("a layer-wise step that has not begun")
    }
    let decays = entry.offset < parameters.layout.decayedCount
    step.apply(
      to: entry, decays: decays, parameters, gradient, moments: (first, second), direction: direction, kernels: kernels)
  }

  /// Whether the step needs the whole gradient of a parameter at once.
  var isLayerwise: Bool { optimizer.isLayerwise }

  /// Carries the step out over some elements. Ranges that do not overlap may be worked on at the same time.
  func apply(to range: Range<Int>, _ parameters: ParameterVector, _ gradient: ParameterVector) {
    let border = min(max(parameters.layout.decayedCount, range.lowerBound), range.upperBound)
    apply(to: range.lowerBound..<border, decays: true, parameters, gradient)
    apply(to: border..<range.upperBound, decays: false, parameters, gradient)
  }

  private func apply(to range: Range<Int>, decays: Bool, _ parameters: ParameterVector, _ gradient: ParameterVector) {
    guard !range.isEmpty, let p = parameters.elements.baseAddress, let g = gradient.elements.baseAddress,
      let m = first.elements.baseAddress
    else { return }
    let start = range.lowerBound
    switch current {
    case .sgd(let decaying, let other):
      kernels.optimizer.sgd(p + start, g + start, m + start, range.count, decays ? decaying : other)
    case .adam(let decaying, let other):
      guard let v = second?.elements.baseAddress else { return }
      kernels.optimizer.adam(p + start, g + start, m + start, v + start, range.count, decays ? decaying : other)
    case .lamb: preconditionFailure("a layer-wise step by ranges")
    case nil: preconditionFailure("a step that has not begun")
    }
  }

  /// Without decay. Bias correction divides the first moment by `1 − β1ᵗ` and the second by `1 − β2ᵗ`.
  private func adamStep(_ rate: Double, _ beta1: Double, _ beta2: Double, _ epsilon: Double) -> pare_adam_step {
    pare_adam_step(
      beta1: Float(beta1), one_minus_beta1: Float(1 - beta1), beta2: Float(beta2), one_minus_beta2: Float(1 - beta2),
      step_size: Float(rate / (1 - .pow(beta1, stepCount))),
      second_moment_scale: Float(1 / (1 - .pow(beta2, stepCount)).squareRoot()), epsilon: Float(epsilon),
      coupled_decay: 0, retained: 1)
  }
}

extension Optimizer {
  /// Vectors as long as the parameters that the optimizer keeps.
  var momentCount: Int {
    if case .sgd = self { 1 } else { 2 }
  }

  /// Whether each parameter has a rate of its own, which needs a further vector to work in.
  var isLayerwise: Bool {
    if case .lamb = self { true } else { false }
  }
}
