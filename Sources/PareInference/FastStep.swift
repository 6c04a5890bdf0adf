import CPareKernels
import PareGraph
import PareTensor

/// What a kernel computes, with its constants as the graph has them.
enum FastStep: Sendable {
  /// `clip((x − offset) · scale, low, high)`, element by element.
  struct Normalization: Sendable {
    var offset: [Float]
    var scale: [Float]
    var low: Float = -.infinity
    var high: Float = .infinity
  }

  /// `y = W x + b`, with element (o, i) of W at `o · outputStride + i · inputStride`.
  struct Dense: Sendable {
    var weights: [Float]
    var outputStride: Int
    var inputStride: Int
    var inputCount: Int
    var bias: [Float]
    var relu: Bool
  }

  case findNaN(count: Int)
  case normalize(Normalization)
  case quantize(Normalization, reciprocal: Float, zeroPoint: UInt8)
  case dense(Dense)
  case quantizedDense(QuantizedDense.Layer)
  case softmax(count: Int)
  case decide(classes: Int, short: Float, long: Float)

  var operation: pare_operation {
    switch self {
    case .findNaN: pare_operation_find_nan
    case .normalize: pare_operation_normalize_f32
    case .quantize: pare_operation_quantize_f32_u8
    case .dense: pare_operation_dense_f32
    case .quantizedDense(let layer):
      switch layer.ending {
      case .requantized: pare_operation_dense_u8s8_u8
      case .dequantized: pare_operation_dense_u8s8_f32
      }
    case .softmax: pare_operation_softmax_f32
    case .decide: pare_operation_decide
    }
  }

  /// Packs the constants as the kernels want them.
  ///
  /// - Returns: the kernel's operands, or nil while `pool` only counts.
  func place(in pool: ConstantPool) -> UnsafeRawPointer? {
    switch self {
    case .findNaN(let count):
      return pool.place(pare_find_nan(count: Int32(count)))
    case .normalize(let normalization):
      return place(normalization, reciprocal: 1, zeroPoint: 0, in: pool)
    case .quantize(let normalization, let reciprocal, let zeroPoint):
      return place(normalization, reciprocal: reciprocal, zeroPoint: zeroPoint, in: pool)
    case .dense(let dense):
      return place(dense, in: pool)
    case .quantizedDense(let layer):
      return place(layer, in: pool)
    case .softmax(let count):
      return pool.place(pare_softmax_f32(count: Int32(count)))
    case .decide(let classes, let short, let long):
      return pool.place(pare_decide(classes: Int32(classes), short_threshold: short, long_threshold: long))
    }
  }

  private func place(
    _ normalization: Normalization, reciprocal: Float, zeroPoint: UInt8, in pool: ConstantPool
  ) -> UnsafeRawPointer? {
    let count = normalization.offset.count
    let padded = Self.tiles(count) * Self.tile
    let offset = pool.place(normalization.offset, paddedTo: padded, with: 0)
    let scale = pool.place(normalization.scale, paddedTo: padded, with: 0)
    return pool.place(
      pare_normalize(
        count: Int32(count), offset: offset, scale: scale, low: normalization.low, high: normalization.high,
        reciprocal: reciprocal, zero_point: Int32(zeroPoint)))
  }

  private func place(_ dense: Dense, in pool: ConstantPool) -> UnsafeRawPointer? {
    let outputs = dense.bias.count
    let weights = pool.place(pare_dense_f32_packed_count(outputs, dense.inputCount), of: Float.self) { packed in
      pare_dense_f32_pack(dense.weights, outputs, dense.inputCount, dense.outputStride, dense.inputStride, packed)
    }
    let bias = pool.place(dense.bias, paddedTo: Self.tiles(outputs) * Self.tile, with: 0)
    return pool.place(
      pare_dense_f32(
        inputs: Int32(dense.inputCount), tiles: Int32(Self.tiles(outputs)), weights: weights, bias: bias,
        relu: dense.relu ? 1 : 0))
  }

  private func place(_ layer: QuantizedDense.Layer, in pool: ConstantPool) -> UnsafeRawPointer? {
    let (inputs, outputs) = (layer.inputCount, layer.outputCount)
    let padded = Self.tiles(outputs) * Self.tile
    let weights = pool.place(pare_dense_u8s8_packed_count(outputs, inputs), of: Int8.self) { packed in
      pare_dense_u8s8_pack(layer.weights, outputs, inputs, packed)
    }
    // Σ (x − zx) w + b = Σ x w + (b − zx Σ w): the zero point goes into the bias, modulo 2^32 like the sums.
    let folded = (0..<outputs).map { output in
      layer.weights[output * inputs..<(output + 1) * inputs].reduce(layer.bias[output]) {
        $0 &- Int32($1) &* Int32(layer.inputZeroPoint)
      }
    }
    var operands = pare_dense_u8s8()
    operands.groups = Int32((inputs + Int(PARE_GROUP) - 1) / Int(PARE_GROUP))
    operands.tiles = Int32(Self.tiles(outputs))
    operands.weights = weights
    operands.bias = pool.place(folded, paddedTo: padded, with: 0)
    switch layer.ending {
    case .requantized(let requantization):
      operands.multiplier = pool.place(requantization.multipliers, paddedTo: padded, with: 1 << 30)
      operands.shift = pool.place(requantization.shifts, paddedTo: padded, with: 63)
      operands.zero_point = Int32(requantization.zeroPoint)
      operands.low = Int32(requantization.low)
    case .dequantized(let scales):
      operands.scale = pool.place(scales, paddedTo: padded, with: 0)
    }
    return pool.place(operands)
  }

  static let tile = Int(PARE_TILE)
  static func tiles(_ count: Int) -> Int { (count + tile - 1) / tile }
}
