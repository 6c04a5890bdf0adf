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

  /// Uniform on `±√(6 / in)`, for what a Relu or its kin follows (He et al. 2015, arXiv:1502.01852).
  func he(_ shape: Shape, fanIn: Int) -> Tensor {
    uniform(shape, limit: (6 / Double(fanIn)).squareRoot())
  }

  /// Uniform on `±√(6 / (in + out))` (Glorot and Bengio 2010).
  func glorot(_ shape: Shape, fanIn: Int, fanOut: Int) -> Tensor {
    uniform(shape, limit: (6 / Double(fanIn + fanOut)).squareRoot())
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

  func check(dropout: Double) throws {
    guard (0..<1).contains(dropout) else {
      throw error("dropout", expected: "a probability in 0 ..< 1", found: "\(dropout)")
    }
  }

  /// Refuses widths that an equal number of columns for each head does not make up.
  func check(heads: Int, dividing width: Int) throws {
    try check("heads", heads, in: 1...256)
    guard width.isMultiple(of: heads) else {
      throw error("heads", expected: "a divisor of the width \(width)", found: "\(heads)")
    }
  }

  func error(_ setting: String, expected: String, found: String) -> GraphError {
    GraphError(
      "architecture", subject: "\(architecture): \(setting)", expected: expected, found: found, category: .usage)
  }
}
