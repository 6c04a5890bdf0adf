import PareTensor

/// Rows to grow trees on, with what each of them should answer.
public struct BoostingData: Sendable {
  public enum Labels: Sendable {
    /// The class of each row, in `0 ..< count`. Two classes are learned as one margin, more as a margin each.
    case classes([Int64], count: Int)
    /// Numbers, Float32 `[rows]` or `[rows, columns]`: what to predict, or a teacher's scores. Each column gets trees of
    /// its own.
    case numbers(Tensor)
  }

  /// Float32 `[rows, features]`. NaN is missing; the trees learn where it goes.
  public let features: Tensor
  public let labels: Labels
  /// How much each row counts.
  public let weights: [Float]?

  /// - Throws: `boosted-trees.rows`, naming what does not fit: shapes, classes out of range, features that are infinite,
  ///   numbers and weights that are not finite, weights below 0 or all 0.
  public init(features: Tensor, labels: Labels, weights: [Float]? = nil) throws {
    func wrong(_ subject: String, _ expected: String, _ found: String) -> BoostedTreesError {
      BoostedTreesError("rows", subject: subject, expected: expected, found: found)
    }
    guard features.elementType == .float32, features.shape.rank == 2, features.elementCount > 0 else {
      throw wrong("features", "float32[rows, features], not empty", "\(features.elementType.rawValue)\(features.shape)")
    }
    let rows = features.shape[0]
    if let index = features.values(as: Float.self).firstIndex(where: \.isInfinite) {
      throw wrong("features", "finite numbers or NaN", "an infinite one in row \(index / features.shape[1])")
    }
    switch labels {
    case .classes(let classes, let count):
      guard classes.count == rows else { throw wrong("labels", "\(rows), one for each row", "\(classes.count)") }
      guard (2...1024).contains(count) else { throw wrong("labels", "2 to 1024 classes", "\(count)") }
      if let row = classes.firstIndex(where: { !(0..<Int64(count)).contains($0) }) {
        throw wrong("labels", "classes in 0 ..< \(count)", "\(classes[row]) in row \(row)")
      }
    case .numbers(let numbers):
      guard numbers.elementType == .float32, (1...2).contains(numbers.shape.rank), numbers.shape[0] == rows,
        numbers.shape.rank == 1 || (1...1024).contains(numbers.shape[1])
      else { throw wrong("labels", "float32[\(rows)] or [\(rows), columns]", "\(numbers.elementType.rawValue)\(numbers.shape)") }
      if let index = numbers.values(as: Float.self).firstIndex(where: { !$0.isFinite }) {
        throw wrong("labels", "finite numbers", "another at \(index)")
      }
    }
    if let weights {
      guard weights.count == rows else { throw wrong("weights", "\(rows), one for each row", "\(weights.count)") }
      guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.contains(where: { $0 > 0 }) else {
        throw wrong("weights", "finite numbers of 0 or more, not all 0", "others")
      }
    }
    self.features = features
    self.labels = labels
    self.weights = weights
  }

  /// Columns of numbers, margins of classes.
  var columnCount: Int {
    switch labels {
    case .classes(_, let count): count == 2 ? 1 : count
    case .numbers(let numbers): numbers.shape.rank == 1 ? 1 : numbers.shape[1]
    }
  }

  /// Whether other rows have labels of the same kind and features of the same width.
  func matches(_ other: BoostingData) -> Bool {
    guard features.shape[1] == other.features.shape[1] else { return false }
    switch (labels, other.labels) {
    case (.classes(_, let left), .classes(_, let right)): return left == right
    case (.numbers, .numbers): return columnCount == other.columnCount
    default: return false
    }
  }
}
