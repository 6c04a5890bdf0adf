import CPareKernels
import PareTensor

/// One step of LAMB over a parameter: Adam's direction, decay, and the ratio of the two norms.
struct LayerwiseStep {
  /// With a step of −1, so that zeros become the direction.
  let direction: pare_adam_step
  let rate: Double
  let decay: Double

  /// Elements whose squares are added in Float32 before the sum goes on in Float64.
  private static let blockLength = 1 << 12

  /// - Parameters:
  ///   - gradient: overwritten.
  ///   - work: overwritten.
  func apply(
    to entry: ParameterLayout.Entry, decays: Bool, _ parameters: ParameterVector, _ gradient: ParameterVector,
    moments: (ParameterVector, ParameterVector), direction work: ParameterVector, kernels: TrainingKernels
  ) {
    let count = entry.shape.elementCount
    guard count > 0 else { return }
    let (p, g, u) = (parameters.address(of: entry), gradient.address(of: entry), work.address(of: entry))
    u.update(repeating: 0, count: count)
    kernels.optimizer.adam(u, g, moments.0.address(of: entry), moments.1.address(of: entry), count, direction)
    if decays, decay > 0 {
      // g = λ · p, added to the direction.
      g.update(from: p, count: count)
      kernels.optimizer.scale(g, Float(decay), count)
      kernels.optimizer.accumulate(u, g, count)
    }
    let (size, length) = (norm(p, count, kernels), norm(u, count, kernels))
    let ratio = size > 0 && length > 0 ? size / length : 1
    kernels.optimizer.scale(u, Float(-rate * ratio), count)
    kernels.optimizer.accumulate(p, u, count)
  }

  private func norm(_ values: UnsafeMutablePointer<Float>, _ count: Int, _ kernels: TrainingKernels) -> Double {
    var sum = 0.0
    for start in stride(from: 0, to: count, by: Self.blockLength) {
      sum += Double(kernels.reduction.sum_of_squares(values + start, min(Self.blockLength, count - start)))
    }
    return sum.squareRoot()
  }
}
