import CPareKernels
import Foundation
import PareTensor
import PareTraining
import Testing

/// The optimizers' kernels against their formulas in plain Swift, which rounds where C does: equal to the bit.
struct OptimizerTests {
  private static let count = 77

  private static func draw(_ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float(generator.normal()) }
  }

  private static func supported() -> [TrainingKernels] { TrainingKernels.variants.compactMap(\.kernels) }

  @Test func momentumFollowsItsFormulaToTheBit() {
    let step = pare_sgd_step(learning_rate: 0.05, momentum: 0.9, coupled_decay: 1e-3)
    for kernels in Self.supported() {
      var generator = SeededGenerator(seed: 1)
      var p = Self.draw(&generator)
      var v = [Float](repeating: 0, count: p.count)
      var (expectedP, expectedV) = (p, v)
      for _ in 0..<20 {
        let gradient = Self.draw(&generator)
        kernels.optimizer.sgd(&p, gradient, &v, p.count, step)
        for i in p.indices {
          let g = gradient[i] + step.coupled_decay * expectedP[i]
          expectedV[i] = step.momentum * expectedV[i] + g
          expectedP[i] -= step.learning_rate * expectedV[i]
        }
      }
      #expect(p == expectedP && v == expectedV, "\(kernels.name)")
    }
  }

  @Test func adamFollowsItsFormulaToTheBit() {
    let step = pare_adam_step(
      beta1: 0.9, one_minus_beta1: 0.1, beta2: 0.999, one_minus_beta2: 0.001, step_size: 0.01,
      second_moment_scale: 3, epsilon: 1e-8, coupled_decay: 1e-3, retained: 0.999)
    for kernels in Self.supported() {
      var generator = SeededGenerator(seed: 2)
      var p = Self.draw(&generator)
      var m = [Float](repeating: 0, count: p.count)
      var v = m
      var (expectedP, expectedM, expectedV) = (p, m, v)
      for _ in 0..<20 {
        let gradient = Self.draw(&generator)
        kernels.optimizer.adam(&p, gradient, &m, &v, p.count, step)
        for i in p.indices {
          let g = gradient[i] + step.coupled_decay * expectedP[i]
          expectedM[i] = step.beta1 * expectedM[i] + step.one_minus_beta1 * g
          expectedV[i] = step.beta2 * expectedV[i] + step.one_minus_beta2 * (g * g)
          let denominator = expectedV[i].squareRoot() * step.second_moment_scale + step.epsilon
          expectedP[i] = expectedP[i] * step.retained - step.step_size * (expectedM[i] / denominator)
        }
      }
      #expect(p == expectedP && m == expectedM && v == expectedV, "\(kernels.name)")
    }
  }

  /// A whole state against the papers' formulas in Float64, bias correction and both kinds of decay included. One step
  /// rounds about ten times at 2⁻²⁴ of numbers of at most 2, and 50 steps add up.
  @Test(arguments: [
    Optimizer.sgd(learningRate: 0.01, momentum: 0.8, weightDecay: 0.01),
    .adam(learningRate: 0.01, weightDecay: 0.01),
    .adamW(learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1),
    .lamb(learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1),
  ])
  func stateFollowsThePaperWithDecayOnWeightsOnly(optimizer: Optimizer) throws {
    let run = OptimizerRun(optimizer)
    for (name, decays) in [("weight", true), ("bias", false)] {
      var expected = PaperOptimizer(optimizer, start: run.start(of: name), decays: decays)
      for gradient in run.gradients(of: name) { expected.step(gradient) }
      for (actual, expected) in zip(run.finish(of: name), expected.p) {
        #expect(abs(Double(actual) - expected) < 50 * 10 * 2 * 0x1p-24)
      }
    }
  }

  @Test func settingsOutOfRangeAreNamed() {
    #expect(throws: TrainingError.self) { try TrainingSettings(optimizer: .adam(learningRate: 0)).validate() }
    #expect(throws: TrainingError.self) { try TrainingSettings(optimizer: .sgd(learningRate: 0.1, momentum: 1)).validate() }
    #expect(throws: TrainingError.self) { try TrainingSettings(batchSize: 0).validate() }
    let error = #expect(throws: TrainingError.self) { try TrainingSettings(epochs: 0).validate() }
    #expect(error?.description == "epochs: expected at least 1, found 0")
  }
}
