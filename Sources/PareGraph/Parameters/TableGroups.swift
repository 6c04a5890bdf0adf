import PareTensor

/// Parts of a parameter that have a table each: so many positions in a row along an axis.
public struct TableGroups: Sendable, Hashable {
  public let axis: Int
  /// Positions of a group; the last may have fewer.
  public let size: Int

  /// - Precondition: an axis is at least 0, and a group has at least one position.
  public init(axis: Int, size: Int) {
    precondition(axis >= 0 && size >= 1)
    self.axis = axis
    self.size = size
  }

  /// - Precondition: the shape has the axis.
  public func count(in shape: Shape) -> Int {
    shape[axis] / size + (shape[axis] % size).signum()
  }

  /// The group of the element at a row-major position.
  ///
  /// - Precondition: the shape has the axis.
  public func group(in shape: Shape) -> (_ position: Int) -> Int {
    let (inner, extent, size) = (shape.dimensions.dropFirst(axis + 1).reduce(1, *), shape[axis], size)
    return { $0 / inner % extent / size }
  }
}
