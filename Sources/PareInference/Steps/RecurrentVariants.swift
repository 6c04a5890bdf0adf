import CPareKernels
import PareGraph

extension KernelSelection {
  /// The last variant of the recurrent kernels on integers that these extensions run.
  func recurrentIntegers() -> UnsafePointer<pare_recurrent_s16_kernels>? {
    var count = 0
    let variants = UnsafeBufferPointer(start: pare_recurrent_s16_variants(&count), count: count)
    return variants.compactMap { $0 }.last { $0.pointee.needs & ~extensions == 0 }
  }

  /// The same in Float32.
  func recurrentFloats() -> UnsafePointer<pare_recurrent_f32_kernels>? {
    var count = 0
    let variants = UnsafeBufferPointer(start: pare_recurrent_f32_variants(&count), count: count)
    return variants.compactMap { $0 }.last { $0.pointee.needs & ~extensions == 0 }
  }
}

extension ConstantPool {
  /// Products as the kernels want them.
  func place(_ products: GateProducts) -> pare_gate_products {
    let (rows, columns) = (products.rowCount, products.columnCount)
    // Tiles of four bits come in pairs.
    let padded = products.blocks == nil ? Tiles.padded(rows) : 2 * Int(PARE_TILE) * pare_gate_pairs(rows)
    // As in `QuantizedDenseStep`: the zero point goes into the bias.
    let folded = (0..<rows).map { row in
      (0..<columns).reduce(products.bias[row]) { $0 &- products.weight(row, $1) &* Int32(products.zeroPoint) }
    }
    var result = pare_gate_products()
    result.groups = Int32((columns + Int(PARE_GROUP) - 1) / Int(PARE_GROUP))
    result.tiles = Int32(Tiles.count(rows))
    result.bits = Int32(products.bits)
    if let blocks = products.blocks {
      let count = (columns + blocks.size - 1) / blocks.size
      result.block_groups = Int32(blocks.size / Int(PARE_GROUP))
      result.weights = UnsafeRawPointer(
        place(pare_gate_s4_count(rows, columns), of: UInt8.self) { pare_gate_pack_s4(products.weights, rows, columns, $0) })
      result.block_multiplier = place(pare_gate_multiplier_count(rows, count), of: UInt8.self) { packed in
        pare_gate_pack_multipliers(blocks.multipliers, rows, count, packed)
      }
    } else {
      result.weights = UnsafeRawPointer(
        place(pare_dense_u8s8_packed_count(rows, columns), of: Int8.self) { packed in
          pare_dense_u8s8_pack(products.weights, rows, columns, packed)
        })
    }
    result.bias = place(folded, paddedTo: padded, with: 0)
    result.multiplier = place(products.multipliers, paddedTo: padded, with: 1 << 13)
    result.shift = place(products.shifts, paddedTo: padded, with: 31)
    return result
  }

  /// A dense layer of Float32 with row-major weights `[outputs, inputs]`.
  func place(_ weights: [Float], inputs: Int, bias: [Float]) -> pare_dense_f32 {
    let outputs = bias.count
    let packed = place(pare_dense_f32_packed_count(outputs, inputs), of: Float.self) { packed in
      pare_dense_f32_pack(weights, outputs, inputs, inputs, 1, packed)
    }
    return pare_dense_f32(
      inputs: Int32(inputs), tiles: Int32(Tiles.count(outputs)), weights: packed,
      bias: place(bias, paddedTo: Tiles.padded(outputs), with: 0), relu: 0)
  }
}

/// Where a recurrent layer's sequence lies in a graph at batch 1, or why it has no kernel.
struct RecurrentSite: Sendable {
  let steps: Int
  let features: Int
  let directions: Int
  /// For each state whether it is given: h and an LSTM's c.
  let states: [Bool]
  /// The inputs and outputs of the step.
  let inputs: [String]
  let outputs: [String]
  let isRowByRow: Bool

  /// - Parameter stateInputs: where the node has its first states.
  /// - Returns: nil where a kernel cannot take the node.
  /// - Throws: `inference.row-by-row` for a layer that cannot go from row to row.
  init?(_ node: Node, directions: Int, isReversed: Bool, stateInputs: [Int], in graph: StepGraph) throws {
    guard let x = graph.types[node.inputs[0]]?.shape, x.rank == 3, x[1] == 1, x[0] > 0, !graph.isParameter(node.inputs[0])
    else { return nil }
    let given = stateInputs.map { node.input($0) }
    isRowByRow = graph.isStreamed(node)
    if isRowByRow {
      guard x[0] == 1, directions == 1, !isReversed else {
        throw InferenceError(
          "row-by-row", subject: "node '\(node.name)'", expected: "a layer that runs forward, one row at a time",
          found: directions > 1 ? "both directions" : isReversed ? "reverse" : "\(x[0]) rows")
      }
      guard given.allSatisfy({ $0.map(graph.isParameter) ?? true }) else {
        throw InferenceError(
          "row-by-row", subject: "node '\(node.name)'", expected: "first states that are constant", found: "computed ones")
      }
    }
    (steps, features, self.directions) = (x[0], x[2], directions)
    states = given.map { $0 != nil }
    inputs = [node.inputs[0]] + (isRowByRow ? [] : given.compactMap { $0 })
    outputs = node.outputs
  }

  /// The place of a state among the step's inputs.
  func place(ofState index: Int, at site: StepSite) -> pare_place {
    guard index < states.count, states[index] else { return pare_place(constant: nil, offset: 0) }
    return site.inputs[1 + states[..<index].count { $0 }]
  }

  func has(state index: Int) -> Int32 { index < states.count && states[index] && !isRowByRow ? 1 : 0 }

  /// Where an output goes, or that nobody wants it.
  func offset(ofOutput index: Int, at site: StepSite) -> Int {
    index < outputs.count && !outputs[index].isEmpty ? site.outputs[index] : Int(bitPattern: UInt.max)
  }
}
