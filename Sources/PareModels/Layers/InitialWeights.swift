import PareGraph
import PareTensor

/// Draws a layer's first weights from a stream of its own.
struct InitialWeights {
  let seed: UInt64
  let stream: String

  /// Uniform on `±limit`.
  func uniform(_ shape: Shape, limit: Double) -> Tensor {
    var generator = SeededGenerator(seed: seed, stream: stream)
    let values = (0..<shape.elementCount).map { _ in Float((2 * generator.uniform() - 1) * limit) }
    return Tensor(values, shape: shape)
  }
}

/// Checks the settings of an architecture.
struct ArchitectureSettings {
  private let architecture: String

  init(_ architecture: String) {
    self.architecture = architecture
  }

  func check(_ setting: String, _ value: Int, in range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw error(setting, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
    }
  }

  func error(_ setting: String, expected: String, found: String) -> GraphError {
    GraphError(
      "architecture", subject: "\(architecture): \(setting)", expected: expected, found: found, category: .usage)
  }
}
