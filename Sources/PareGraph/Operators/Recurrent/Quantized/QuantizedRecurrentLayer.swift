import PareTensor

/// A recurrent layer on integers with its constants, checked: what the reference evaluates and what a plan packs.
package struct QuantizedRecurrentLayer: Sendable {
  package enum Kind: Sendable {
    /// With the fractional bits of its cell.
    case lstm(cellBits: Int)
    case gru
  }

  package struct Direction: Sendable {
    package let isReversed: Bool
    package let input: GateProducts
    package let recurrent: GateProducts
    /// Of a GRU that resets its state before the product: the hidden gate's, `recurrent` having those of z and r.
    package let reset: GateProducts?
  }

  package let kind: Kind
  package let features: Int
  package let hidden: Int
  /// A state of bytes is `(q − 128) / stateLevels`.
  package let stateLevels: Int
  package let directions: [Direction]

  package var gateCount: Int { if case .lstm = kind { 4 } else { 3 } }

  /// The byte that stands for 0 in a state.
  package static let stateZeroPoint: UInt8 = 128

  /// - Parameter constant: the value of an input of the node by index, where it is constant.
  /// - Throws: `graph.not-constant`, and what `GateProducts` refuses.
  package init(_ node: Node, isLSTM: Bool, constant: (Int) -> Tensor?) throws {
    func fetch(_ index: Int) throws -> Tensor {
      guard let tensor = constant(index) else {
        throw GraphError("not-constant", node: node, expected: "input \(index) to be constant", found: "a computed value")
      }
      return tensor
    }
    let input = QuantizedRecurrentInput.self
    kind = isLSTM ? .lstm(cellBits: try node.cellBits) : .gru
    stateLevels = try node.stateLevels
    let (w, r) = (try fetch(input.w), try fetch(input.r))
    let (rows, features, hidden) = (w.shape[1], w.shape[2], r.shape[2])
    (self.features, self.hidden) = (features, hidden)
    let zeroPoint = try fetch(input.zeroPoint).values(as: UInt8.self)[0]
    let (blockSize, resetsFirst) = (try node.recurrentBlockSize, try !isLSTM && node.resetsFirst)
    func products(
      _ direction: Int, _ weight: Tensor, blocks: Int, zeroPoint: UInt8, _ indices: [Int], of range: Range<Int>
    ) throws -> GateProducts {
      let columns = weight.shape[2]
      let slice = (direction * rows + range.lowerBound) * columns..<(direction * rows + range.upperBound) * columns
      let isBlocked = weight.elementType == .int4
      func part<Element: TensorElement>(_ index: Int, as _: Element.Type) throws -> [Element] {
        let values = try fetch(index).values(as: Element.self)
        let perRow = values.count / max(w.shape[0] * rows, 1)
        return Array(
          values[(direction * rows + range.lowerBound) * perRow..<(direction * rows + range.upperBound) * perRow])
      }
      return try GateProducts(
        node, rowCount: range.count, columnCount: columns, zeroPoint: zeroPoint,
        weights: isBlocked ? weight.doubles[slice].map { Int8($0) } : Array(weight.values(as: Int8.self)[slice]),
        blocks: isBlocked ? .init(size: blockSize, multipliers: part(blocks, as: UInt8.self)) : nil,
        bias: part(indices[0], as: Int32.self), multipliers: part(indices[1], as: Int32.self),
        totalShifts: part(indices[2], as: Int32.self))
    }
    let before = resetsFirst ? rows / 3 * 2 : rows
    func byState(_ direction: Int, of range: Range<Int>) throws -> GateProducts {
      try products(
        direction, r, blocks: input.stateBlockMultiplier, zeroPoint: Self.stateZeroPoint,
        [input.stateBias, input.stateMultiplier, input.stateShift], of: range)
    }
    directions = try node.recurrentDirections.enumerated().map { index, isReversed in
      Direction(
        isReversed: isReversed,
        input: try products(
          index, w, blocks: input.inputBlockMultiplier, zeroPoint: zeroPoint,
          [input.inputBias, input.inputMultiplier, input.inputShift], of: 0..<rows),
        recurrent: try byState(index, of: 0..<before), reset: resetsFirst ? try byState(index, of: before..<rows) : nil)
    }
  }
}

/// Where an input of a quantized recurrent layer stands.
package enum QuantizedRecurrentInput {
  package static let x = 0
  package static let zeroPoint = 1
  package static let w = 2
  package static let r = 3
  package static let inputBias = 4
  package static let inputMultiplier = 5
  package static let inputShift = 6
  package static let stateBias = 7
  package static let stateMultiplier = 8
  package static let stateShift = 9
  /// Of an LSTM h, of a GRU its state.
  package static let initialState = 10
  package static let initialCell = 11
  /// Of W and of R; absent where the weights have eight bits.
  package static let inputBlockMultiplier = 12
  package static let stateBlockMultiplier = 13
}

extension Node {
  var cellBits: Int {
    get throws(GraphError) {
      let bits = try int("cell_bits", default: 11)
      guard GateArithmetic.cellBits.contains(bits) else {
        throw GraphError("attribute", node: self, expected: "cell_bits in 7 ... 14", found: "\(bits)")
      }
      return bits
    }
  }

  /// Of a quantized GRU, whose `linear_before_reset` is 1 where it is not given.
  var resetsFirst: Bool {
    get throws(GraphError) {
      let linear = try int("linear_before_reset", default: 1)
      guard linear == 0 || linear == 1 else {
        throw GraphError("attribute", node: self, expected: "linear_before_reset to be 0 or 1", found: "\(linear)")
      }
      return linear == 0
    }
  }

  var recurrentBlockSize: Int {
    get throws(GraphError) {
      let size = try int("block_size", default: 32)
      guard QuantizedGroupDense.blockSizes.contains(size) else {
        throw GraphError("attribute", node: self, expected: "block_size to be 32, 64 or 128", found: "\(size)")
      }
      return size
    }
  }

  var stateLevels: Int {
    get throws(GraphError) {
      let levels = try int("state_levels", default: 128)
      guard (1...Int(Int16.max)).contains(levels) else {
        throw GraphError("attribute", node: self, expected: "state_levels in 1 ... 32767", found: "\(levels)")
      }
      return levels
    }
  }
}
