import PareGraph
import PareTensor

/// Rows to learn from: named tensors with the rows leading, as `features [rows, F]`, `labels [rows]`.
public struct TrainingData: Sendable {
  public let tensors: [String: Tensor]
  public let rowCount: Int

  /// - Throws: `training.rows` where the tensors have different numbers of rows, or there are none.
  public init(_ tensors: [String: Tensor]) throws {
    var rowCount: Int?
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard tensor.shape.rank > 0 else {
        throw TrainingError("rows", subject: "tensor '\(name)'", expected: "rows as its first axis", found: "a scalar")
      }
      let count = tensor.shape[0]
      guard rowCount == nil || rowCount == count else {
        throw TrainingError("rows", subject: "tensor '\(name)'", expected: "\(rowCount ?? 0) rows", found: "\(count)")
      }
      rowCount = count
    }
    guard let rowCount, rowCount > 0 else {
      throw TrainingError("rows", subject: "data", expected: "at least one row", found: "none")
    }
    self.tensors = tensors
    self.rowCount = rowCount
  }

  public subscript(name: String) -> Tensor? { tensors[name] }

  /// The same rows with one more tensor, or another in its place.
  public func with(_ name: String, _ tensor: Tensor) throws -> TrainingData {
    var tensors = tensors
    tensors[name] = tensor
    return try TrainingData(tensors)
  }

  /// All rows so many times, one copy behind another.
  ///
  /// - Precondition: `count` is at least 1.
  public func repeated(_ count: Int) -> TrainingData {
    precondition(count >= 1)
    let positions = (0..<count).flatMap { _ in 0..<rowCount }
    return TrainingData(tensors: tensors.mapValues { $0.rows(at: positions) }, rowCount: count * rowCount)
  }

  /// Some neighbouring rows.
  ///
  /// - Precondition: `range` lies within the rows and is not empty.
  public func rows(_ range: Range<Int>) -> TrainingData {
    precondition(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= rowCount)
    return TrainingData(tensors: tensors.mapValues { $0.rows(range) }, rowCount: range.count)
  }

  /// That many of the rows, from the first to the last in equal steps; all where there are no more.
  ///
  /// - Precondition: `count` is at least 1.
  public func evenlySpaced(_ count: Int) -> TrainingData {
    precondition(count >= 1)
    guard count < rowCount else { return self }
    let positions = (0..<count).map { $0 * rowCount / count }
    return TrainingData(tensors: tensors.mapValues { $0.rows(at: positions) }, rowCount: count)
  }

  private init(tensors: [String: Tensor], rowCount: Int) {
    self.tensors = tensors
    self.rowCount = rowCount
  }
}

extension TrainingData {
  /// Rows that are scored at once where nothing else is said: 1024, or as many as make 64 MiB.
  var chunkSize: Int {
    let rowByteCount = tensors.values.reduce(0) { $0 + $1.rowByteCount }
    return max(min(1024, (64 << 20) / max(rowByteCount, 1)), 1)
  }
}

extension Tensor {
  /// Bytes of one row along the first axis.
  var rowByteCount: Int { shape.dimensions.dropFirst().reduce(1, *) * elementType.byteCount }

  /// Some rows along the first axis, in the order of the positions.
  func rows(at positions: [Int]) -> Tensor {
    withUnsafeBytes { bytes in
      var picked: [UInt8] = []
      picked.reserveCapacity(positions.count * rowByteCount)
      for position in positions {
        picked.append(contentsOf: bytes[position * rowByteCount..<(position + 1) * rowByteCount])
      }
      return picked.withUnsafeBytes {
        Tensor(elementType: elementType, shape: Shape([positions.count] + shape.dimensions.dropFirst()), bytes: $0)
      }
    }
  }

  /// Neighbouring rows along the first axis.
  func rows(_ range: Range<Int>) -> Tensor {
    withUnsafeBytes { bytes in
      Tensor(
        elementType: elementType, shape: Shape([range.count] + shape.dimensions.dropFirst()),
        bytes: UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * rowByteCount..<range.upperBound * rowByteCount]))
    }
  }
}
