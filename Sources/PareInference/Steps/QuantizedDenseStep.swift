import CPareKernels
import PareGraph
import PareTensor

/// A quantized layer of one row or several, as `docs/integer-arithmetic.md` defines it.
struct QuantizedDenseStep: StepKind {
  let layer: QuantizedDense.Layer
  let rowCount: Int

  static let operators: [OperatorName] = [QuantizedDense.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let rows = graph.shape(node.inputs[0]).dimensions.dropLast().reduce(1, *)
    guard !graph.isParameter(node.inputs[0]), rows > 0 else { return nil }
    let layer = try QuantizedDense.Layer(node) { graph.constant(node.inputs[$0]) }
    guard rows * layer.inputCount <= Int(Int32.max) else { return nil }
    return PlannedStep(
      QuantizedDenseStep(layer: layer, rowCount: rows), nodes: [node], inputs: [node.inputs[0]], outputs: [node.outputs[0]])
  }

  func extent(_ kernels: KernelSelection) -> StepExtent? {
    StepExtent(
      inputs: layer.inputCount, outputs: layer.outputCount, times: Double(rowCount),
      formOf: rowCount == 1 ? .dense : .denseRows)
  }

  var operation: pare_operation {
    switch layer.ending {
    case .requantized: rowCount == 1 ? pare_operation_dense_u8s8_u8 : pare_operation_product_u8s8_u8
    case .dequantized: rowCount == 1 ? pare_operation_dense_u8s8_f32 : pare_operation_product_u8s8_f32
    }
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.kernel(operation) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let packed = PackedIntegerLayer(layer).place(in: site.pool)
    guard rowCount > 1 else { return site.pool.place(packed) }
    return site.pool.place(packed.product(rows: rowCount, inputs: layer.inputCount, outputs: layer.outputCount, in: site.pool))
  }
}

extension pare_dense_u8s8 {
  /// The layer on each row of a matrix `[rows, inputs]`.
  func product(rows: Int, inputs: Int, outputs: Int, in pool: ConstantPool) -> pare_product_u8s8 {
    pare_product_u8s8(
      layer: self, rows: Int32(rows), outputs: Int32(outputs), output_stride: outputs,
      row_offsets: pool.place((0..<rows).map { Int32($0 * inputs) }, paddedTo: rows, with: 0),
      group_offsets: pool.place((0..<Int(groups)).map { Int32($0 * Int(PARE_GROUP)) }, paddedTo: Int(groups), with: 0))
  }
}

/// Weights by output, and what becomes of the sums, as the integer kernels want them.
struct PackedIntegerLayer {
  /// Row-major `[outputs, inputs]`.
  var weights: [Int8]
  var inputs: Int
  var inputZeroPoint: UInt8
  var bias: [Int32]
  var ending: QuantizedDense.Layer.Ending
  /// The first of the outputs, among those of `ending`.
  var first = 0

  init(_ layer: QuantizedDense.Layer) {
    (weights, inputs, inputZeroPoint) = (layer.weights, layer.inputCount, layer.inputZeroPoint)
    (bias, ending) = (layer.bias, layer.ending)
  }

  /// - Parameter bias: of a layer whose input has the zero point 0.
  init(weights: [Int8], inputs: Int, bias: [Int32], ending: QuantizedDense.Layer.Ending) {
    (self.weights, self.inputs, inputZeroPoint, self.bias, self.ending) = (weights, inputs, 0, bias, ending)
  }

  func place(in pool: ConstantPool) -> pare_dense_u8s8 {
    let outputs = bias.count
    let packed = pool.place(pare_dense_u8s8_packed_count(outputs, inputs), of: Int8.self) { packed in
      pare_dense_u8s8_pack(weights, outputs, inputs, packed)
    }
    var operands = placeEnding(in: pool)
    operands.weights = packed
    return operands
  }

  /// The layer without its weights, for kernels that have them in another form.
  func placeEnding(in pool: ConstantPool) -> pare_dense_u8s8 {
    let outputs = bias.count
    let padded = Tiles.padded(outputs)
    // Σ (x − zx) w + b = Σ x w + (b − zx Σ w): the zero point goes into the bias, modulo 2^32 like the sums.
    let folded = (0..<outputs).map { output in
      weights[output * inputs..<(output + 1) * inputs].reduce(bias[output]) {
        $0 &- Int32($1) &* Int32(inputZeroPoint)
      }
    }
    func own<Element>(_ values: [Element]) -> [Element] { Array(values[first..<first + outputs]) }
    var operands = pare_dense_u8s8()
    operands.groups = Int32((inputs + Int(PARE_GROUP) - 1) / Int(PARE_GROUP))
    operands.tiles = Int32(Tiles.count(outputs))
    operands.bias = pool.place(folded, paddedTo: padded, with: 0)
    switch ending {
    case .requantized(let requantization):
      operands.multiplier = pool.place(own(requantization.multipliers), paddedTo: padded, with: 1 << 30)
      operands.shift = pool.place(own(requantization.shifts), paddedTo: padded, with: 63)
      operands.zero_point = Int32(requantization.zeroPoint)
      operands.low = Int32(requantization.low)
      let shifts = own(requantization.shifts)
      if shifts.allSatisfy({ pare_shift_has_high_form($0) != 0 }) {
        let highShift = UnsafeMutablePointer<Int32>.allocate(capacity: padded)
        defer { highShift.deallocate() }
        operands.rounding = pool.place(padded, of: Int64.self) { rounding in
          pare_requantization_pack(shifts, outputs, Int32(requantization.zeroPoint), rounding, highShift)
        }
        operands.high_shift = pool.place(padded, of: Int32.self) { $0.update(from: highShift, count: padded) }
      }
    case .dequantized(let scales):
      operands.scale = pool.place(own(scales), paddedTo: padded, with: 0)
    }
    return operands
  }
}
