import PareTensor

/// Products of matrices of int8 or uint8, less their zero points, with leading axes that broadcast: what MatMulInteger
/// and QLinearMatMul share. Sums are of 32 bits and wrap, as ONNX has it.
struct IntegerMatrixProduct: Sendable {
  /// Which of the numbers that an operand has (zero points, scales) belongs to a row of A or a column of B.
  struct Selection: Sendable {
    /// How far the numbers of neighbouring rows or columns lie apart: 0 where all share one.
    private let step: Int
    /// The same for neighbouring matrices.
    private let matrixStep: Int

    /// - Parameters:
    ///   - count: how many numbers there are; none counts as one.
    ///   - lines: rows of A or columns of B.
    init(count: Int, lines: Int) {
      step = count <= 1 ? 0 : 1
      matrixStep = count <= 1 || count == lines ? 0 : lines
    }

    @inline(__always)
    func index(matrix: Int, line: Int) -> Int { matrix * matrixStep + line * step }
  }

  private let rows: Int
  private let depth: Int
  private let columns: Int
  private let batch: BroadcastLoop

  /// - Parameters: positions of A and B among the node's inputs.
  init(_ context: PreparationContext, a: Int, b: Int) throws {
    let (a, b) = (try context.input(a).shape.dimensions, try context.input(b).shape.dimensions)
    let left = a.count == 1 ? [1] + a : a
    let right = b.count == 1 ? b + [1] : b
    (rows, depth, columns) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    let vectorAxes = (a.count == 1 ? 1 : 0) + (b.count == 1 ? 1 : 0)
    batch = BroadcastLoop(
      left: Shape(left.dropLast(2)), right: Shape(right.dropLast(2)),
      result: Shape(context.outputs[0].shape.dimensions.dropLast(2 - vectorAxes)))
  }

  func rowSelection(_ context: PreparationContext, _ index: Int) -> Selection {
    Selection(count: Self.count(context, index), lines: rows)
  }

  func columnSelection(_ context: PreparationContext, _ index: Int) -> Selection {
    Selection(count: Self.count(context, index), lines: columns)
  }

  private static func count(_ context: PreparationContext, _ index: Int) -> Int {
    context.has(index) ? context.inputs[index]?.shape.elementCount ?? 1 : 1
  }

  /// An element of the product, where it stands.
  struct Element {
    let position: Int
    /// Which matrix of A and of B, and which row and column of them.
    let (matrixOfA, matrixOfB, row, column): (Int, Int, Int, Int)
    let sum: Int32
  }

  /// Calls `body` for each element of the product in order.
  ///
  /// - Parameters:
  ///   - zeroA: the zero points of A, nil for 0; `zeroRows` says which.
  @inline(__always)
  func forEach<A: FixedWidthInteger & TensorElement, B: FixedWidthInteger & TensorElement>(
    _ allA: UnsafePointer<A>, _ allB: UnsafePointer<B>, zeroA: UnsafePointer<A>?, _ zeroRows: Selection,
    zeroB: UnsafePointer<B>?, _ zeroColumns: Selection, _ body: (Element) -> Void
  ) {
    batch.forEach { matrix, fromA, fromB in
      let a = allA + fromA * rows * depth
      let b = allB + fromB * depth * columns
      for row in 0..<rows {
        let zeroOfRow = Int32(zeroA?[zeroRows.index(matrix: fromA, line: row)] ?? 0)
        for column in 0..<columns {
          let zeroOfColumn = Int32(zeroB?[zeroColumns.index(matrix: fromB, line: column)] ?? 0)
          var sum: Int32 = 0
          for k in 0..<depth {
            sum &+= (Int32(a[row * depth + k]) - zeroOfRow) * (Int32(b[k * columns + column]) - zeroOfColumn)
          }
          body(
            Element(
              position: (matrix * rows + row) * columns + column, matrixOfA: fromA, matrixOfB: fromB, row: row,
              column: column, sum: sum))
        }
      }
    }
  }
}

// MARK: - Types

extension IntegerMatrixProduct {
  /// The extents of A · B.
  ///
  /// - Throws: where a type is not of eight bits or the extents do not meet.
  static func dimensions(_ context: InferenceContext, a: Int, b: Int) throws -> [Dimension] {
    let (a, b) = (try eightBits(context, a), try eightBits(context, b))
    guard a.rank > 0, b.rank > 0 else {
      throw GraphError("shape", node: context.node, expected: "vectors, matrices or more", found: "\(a) and \(b)")
    }
    let left = a.rank == 1 ? [1] + a.dimensions : a.dimensions
    let right = b.rank == 1 ? b.dimensions + [1] : b.dimensions
    guard left[left.count - 1] == right[right.count - 2],
      var dimensions = ValueType.broadcast(left.dropLast(2), right.dropLast(2))
    else {
      throw GraphError("shape", node: context.node, expected: "matrices that can be multiplied", found: "\(a) and \(b)")
    }
    if a.rank > 1 { dimensions.append(left[left.count - 2]) }
    if b.rank > 1 { dimensions.append(right[right.count - 1]) }
    return dimensions
  }

  static func eightBits(_ context: InferenceContext, _ index: Int) throws -> ValueType {
    let type = try context.input(index)
    guard type.elementType == .int8 || type.elementType == .uint8 else {
      throw GraphError("element-type", node: context.node, expected: "input \(index) of int8 or uint8", found: "\(type)")
    }
    return type
  }

  /// Which operand a scale or a zero point is for: it may have one number, one per line, or one per line of each matrix.
  enum Lines {
    case rowsOfA
    case columnsOfB
  }

  /// Checks the shape of a scale or zero point; one that is not given has none.
  static func checkShape(_ context: InferenceContext, _ index: Int, of operand: Int, _ lines: Lines) throws {
    guard context.has(index) else { return }
    let (found, matrices) = (try context.input(index), try context.input(operand))
    var perMatrix = matrices.dimensions
    let line: Dimension
    switch lines {
    case .rowsOfA:
      line = matrices.rank > 1 ? perMatrix[matrices.rank - 2] : 1
      perMatrix[matrices.rank - 1] = 1
    case .columnsOfB:
      line = matrices.rank > 1 ? perMatrix[matrices.rank - 1] : 1
      perMatrix[max(matrices.rank - 2, 0)] = 1
    }
    let isOneSet = found.rank == matrices.rank && found.dimensions.dropLast(2).allSatisfy { $0 == 1 }
      && found.dimensions.suffix(2) == perMatrix.suffix(2)
    guard found.isScalar || found.dimensions == [line] || found.dimensions == perMatrix || isOneSet else {
      let what = lines == .rowsOfA ? "row" : "column"
      throw GraphError(
        "shape", node: context.node,
        expected: "input \(index) to be a scalar, \([line]) or \(perMatrix): one per \(what) of \(matrices)", found: "\(found)")
    }
  }
}
