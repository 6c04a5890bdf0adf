import CPareKernels
import PareTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Input, operands and room for the output of one call of a kernel.
struct KernelCase {
  var name: String
  var input: [UInt8]
  var operands: UnsafeRawPointer
  /// Bytes of the output that are compared; the kernel may write up to the next multiple of 64.
  var outputByteCount: Int
  /// Whether the kernel writes nothing beyond the output.
  var isExact = false
  /// The greatest difference allowed per Float32 of the output; nil where bits are equal.
  var bounds: [Float]?

  /// Runs a variant with the input's last byte before a page that cannot be read, and canaries around the output.
  func run(_ variant: pare_kernel_variant) -> (bytes: [UInt8], canariesIntact: Bool) {
    let room = (outputByteCount + 63) / 64 * 64
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: room + 128, alignment: 64)
    defer { output.deallocate() }
    output.initializeMemory(as: UInt8.self, repeating: 0xa5)
    let page = 4096 * ((input.count + 4095) / 4096)
    guard let mapping = mmap(nil, page + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0) else { return ([], false) }
    defer { munmap(mapping, page + 4096) }
    mprotect(mapping + page, 4096, PROT_NONE)
    let start = mapping + page - input.count
    start.copyMemory(from: input, byteCount: input.count)
    variant.run(operands, start, output.baseAddress! + 64, nil)
    let end = 64 + (isExact ? outputByteCount : room)
    let intact = output[..<64].allSatisfy { $0 == 0xa5 } && output[end...].allSatisfy { $0 == 0xa5 }
    return (Array(output[64..<64 + outputByteCount]), intact)
  }

  func agrees(_ found: [UInt8], _ expected: [UInt8]) -> Bool {
    guard let bounds else { return found == expected }
    let (a, b) = (floats(found), floats(expected))
    return bounds.indices.allSatisfy { (a[$0] - b[$0]).magnitude <= bounds[$0] }
  }

  private func floats(_ bytes: [UInt8]) -> [Float] {
    bytes.withUnsafeBytes { bytes in (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) } }
  }
}

/// Cases around tile boundaries for each operation, drawn from a seed. Keeps the memory of operands until it goes.
struct KernelCases: ~Copyable {
  private var generator: SeededGenerator
  private var memory: [UnsafeMutableRawPointer] = []

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  deinit {
    for block in memory { block.deallocate() }
  }

  mutating func forEach(_ operation: pare_operation, _ body: (KernelCase) -> Void) {
    switch operation {
    case pare_operation_find_nan:
      for count in [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65] {
        for position in [-1, 0, count / 2, count - 1] {
          var x = floats(count)
          if position >= 0 { x[position] = .nan }
          body(KernelCase(
            name: "find_nan \(count) \(position)", input: bytes(x), operands: place([pare_find_nan(count: Int32(count), rows: 1)]),
            outputByteCount: 4))
        }
        for rows in [2, 3, 8] {
          var x = floats(count * rows)
          x[count * rows - 1] = .nan
          x[count] = .nan
          body(KernelCase(
            name: "find_nan \(rows) x \(count)", input: bytes(x),
            operands: place([pare_find_nan(count: Int32(count), rows: Int32(rows))]), outputByteCount: 4 * rows))
        }
      }
    case pare_operation_normalize_f32, pare_operation_quantize_f32_u8:
      for count in [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65] {
        for (low, high) in [(Float(-4), Float(4)), (-.infinity, .infinity), (0, 1)] {
          for zeroPoint in [0, 128, 255] as [Int32] { body(normalize(operation, count, low, high, zeroPoint)) }
        }
      }
    case pare_operation_dense_f32:
      forEachShape { cases, inputs, outputs in
        for relu in [false, true] { body(cases.dense(inputs, outputs, relu: relu)) }
      }
    case pare_operation_product_f32:
      for rows in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 50] {
        for (inputs, outputs) in [(1, 1), (2, 1), (4, 1), (8, 1), (3, 15), (4, 16), (5, 17), (16, 31), (20, 32), (17, 33), (64, 48), (33, 65)] {
          body(product(rows, inputs, outputs, relu: rows % 2 == 0))
        }
      }
    case pare_operation_dense_u8s8_u8, pare_operation_dense_u8s8_f32:
      forEachShape { cases, inputs, outputs in
        for extreme in [false, true] { body(cases.quantizedDense(operation, inputs, outputs, extreme: extreme)) }
      }
    case pare_operation_softmax_rows_f32:
      for rows in [1, 2, 5, 16, 37] {
        for count in [1, 2, 3, 7, 8, 9, 15, 16, 17, 30, 31, 32, 33, 50, 64, 65] { body(softmax(rows, count)) }
      }
    case pare_operation_product_u8s8_u8, pare_operation_product_u8s8_f32:
      for rows in [1, 2, 3, 4, 5, 7, 8, 9, 12, 17, 35] {
        for (inputs, outputs) in [(1, 1), (3, 15), (4, 16), (5, 17), (16, 31), (20, 32), (33, 33), (64, 48), (129, 65)] {
          for extreme in [false, true] { body(quantizedProduct(operation, rows, inputs, outputs, extreme: extreme)) }
        }
        for (inputs, outputs) in [(3, 1), (8, 1), (12, 1), (3, 2), (8, 2), (4, 4), (16, 4), (17, 4), (8, 8), (29, 8), (32, 8), (33, 8), (81, 8), (8, 3)] {
          for extreme in [false, true] { body(quantizedProduct(operation, rows, inputs, outputs, extreme: extreme, isJoined: true)) }
        }
      }
    default:
      break  // One variant only.
    }
  }

  private mutating func forEachShape(_ body: (inout KernelCases, Int, Int) -> Void) {
    for inputs in [1, 3, 4, 5, 8, 15, 16, 17, 20, 33, 64, 129] {
      for outputs in [1, 3, 15, 16, 17, 32, 33, 64, 65, 100, 127, 128, 129, 250] { body(&self, inputs, outputs) }
    }
  }

  private mutating func normalize(
    _ operation: pare_operation, _ count: Int, _ low: Float, _ high: Float, _ zeroPoint: Int32
  ) -> KernelCase {
    var x = floats(count)
    for special in [Float.nan, .infinity, -.infinity, 1e30, -0.0] { x[generator.below(count)] = special }
    let padded = (count + 15) / 16 * 16
    let operands = pare_normalize(
      count: Int32(count), offset: place(floats(padded)), scale: place(floats(padded)), low: low, high: high,
      reciprocal: 31.875, zero_point: zeroPoint)
    return KernelCase(
      name: "\(operation) \(count) \(low) \(high) \(zeroPoint)", input: bytes(x), operands: place([operands]),
      outputByteCount: operation == pare_operation_normalize_f32 ? count * 4 : count)
  }

  /// The bound: both sums are within γ = (n + 1) u / (1 − (n + 1) u) times |W| |x| + |b| of the true one, whatever the
  /// order of additions, with or without fused multiplications (Higham 2002, §3.1); u = 2^−24.
  private mutating func dense(_ inputs: Int, _ outputs: Int, relu: Bool) -> KernelCase {
    let (x, weights, bias) = (floats(inputs), floats(inputs * outputs), floats(outputs))
    var packed = [Float](repeating: 0, count: pare_dense_f32_packed_count(outputs, inputs))
    pare_dense_f32_pack(weights, outputs, inputs, inputs, 1, &packed)
    let tiles = (outputs + 15) / 16
    let operands = pare_dense_f32(
      inputs: Int32(inputs), tiles: Int32(tiles), weights: place(packed),
      bias: place(bias + [Float](repeating: 0, count: tiles * 16 - outputs)), relu: relu ? 1 : 0)
    let gamma = Double(inputs + 1) * 0x1p-24 / (1 - Double(inputs + 1) * 0x1p-24)
    let bounds = (0..<outputs).map { output in
      let sum = (0..<inputs).reduce(Double(bias[output].magnitude)) {
        $0 + Double((weights[output * inputs + $1] * x[$1]).magnitude)
      }
      return Float(2 * gamma * sum).nextUp
    }
    return KernelCase(
      name: "dense_f32 \(inputs) \(outputs) relu \(relu)", input: bytes(x), operands: place([operands]),
      outputByteCount: outputs * 4, bounds: bounds)
  }

  /// Bound as of `dense`.
  private mutating func product(_ rows: Int, _ inputs: Int, _ outputs: Int, relu: Bool) -> KernelCase {
    let (x, weights, bias) = (floats(rows * inputs), floats(inputs * outputs), floats(outputs))
    var packed = [Float](repeating: 0, count: pare_dense_f32_packed_count(outputs, inputs))
    pare_dense_f32_pack(weights, outputs, inputs, inputs, 1, &packed)
    let padding = [Float](repeating: 0, count: (outputs + 15) / 16 * 16 - outputs)
    let operands = pare_product_f32(
      rows: Int32(rows), inputs: Int32(inputs), outputs: Int32(outputs), weights: place(packed),
      bias: place(bias + padding), relu: relu ? 1 : 0)
    let gamma = Double(inputs + 1) * 0x1p-24 / (1 - Double(inputs + 1) * 0x1p-24)
    let bounds = (0..<rows * outputs).map { element in
      let (row, output) = (element / outputs, element % outputs)
      let sum = (0..<inputs).reduce(Double(bias[output].magnitude)) {
        $0 + Double((weights[output * inputs + $1] * x[row * inputs + $1]).magnitude)
      }
      return Float(2 * gamma * sum).nextUp
    }
    return KernelCase(
      name: "product_f32 \(rows) \(inputs) \(outputs) relu \(relu)", input: bytes(x), operands: place([operands]),
      outputByteCount: rows * outputs * 4, isExact: true, bounds: bounds)
  }

  /// Both within (2 R + n + 10) u of the true y for numbers R apart (`StepBoundTests.softmaxOfRows`), and y is at most 1.
  /// What is far below is 0 or next to it.
  private mutating func softmax(_ rows: Int, _ count: Int) -> KernelCase {
    var x = floats(rows * count)
    x[generator.below(x.count)] = -1e9
    let range = 16.0  // Normal numbers stay within ±8.
    return KernelCase(
      name: "softmax_rows \(rows) \(count)", input: bytes(x),
      operands: place([pare_softmax_f32(count: Int32(count), rows: Int32(rows))]), outputByteCount: x.count * 4, isExact: true,
      bounds: [Float](repeating: Float(2 * 1.01 * (2 * range + Double(count) + 10) * 0x1p-24), count: x.count))
  }

  /// Rows that overlap and groups that lie apart, as those of a convolution do.
  ///
  /// - Parameter isJoined: rows of whole groups that follow one another instead.
  private mutating func quantizedProduct(
    _ operation: pare_operation, _ rows: Int, _ inputs: Int, _ outputs: Int, extreme: Bool, isJoined: Bool = false
  ) -> KernelCase {
    let isBytes = operation == pare_operation_product_u8s8_u8
    let layer = quantizedLayer(inputs, outputs, extreme: extreme)
    let groups = Int(layer.groups)
    let (rowStep, groupStep) = (isJoined ? groups * 4 : 3, isJoined || extreme ? 4 : 7)
    let rowOffsets = (0..<rows).map { Int32($0 * rowStep) }
    let groupOffsets = (0..<groups).map { Int32($0 * groupStep) }
    let x = (0..<(rows - 1) * rowStep + (groups - 1) * groupStep + 4).map { _ in extreme ? 255 : UInt8(generator.below(256)) }
    let operands = pare_product_u8s8(
      layer: layer, rows: Int32(rows), outputs: Int32(outputs), output_stride: outputs, row_offsets: place(rowOffsets),
      group_offsets: place(groupOffsets))
    return KernelCase(
      name: "\(operation) \(rows) \(inputs) \(outputs) extreme \(extreme) joined \(isJoined)", input: x, operands: place([operands]),
      outputByteCount: rows * outputs * (isBytes ? 1 : 4), isExact: true)
  }

  private mutating func quantizedDense(
    _ operation: pare_operation, _ inputs: Int, _ outputs: Int, extreme: Bool
  ) -> KernelCase {
    // The bytes that pad a group meet weights of 0, whatever they are.
    let x = (0..<(inputs + 3) / 4 * 4).map { _ in extreme ? 255 : UInt8(generator.below(256)) }
    let operands = quantizedLayer(inputs, outputs, extreme: extreme)
    return KernelCase(
      name: "\(operation) \(inputs) \(outputs) extreme \(extreme)", input: x, operands: place([operands]),
      outputByteCount: operation == pare_operation_dense_u8s8_u8 ? outputs : outputs * 4)
  }

  private mutating func quantizedLayer(_ inputs: Int, _ outputs: Int, extreme: Bool) -> pare_dense_u8s8 {
    let groups = (inputs + 3) / 4
    let tiles = (outputs + 15) / 16
    let isHigh = generator.below(2) == 0
    let weights = (0..<inputs * outputs).map { index in
      extreme ? Int8(index % 2 == 0 || index % 3 == 0 ? -128 : 127) : Int8(generator.below(256) - 128)
    }
    var packed = [Int8](repeating: 0, count: pare_dense_u8s8_packed_count(outputs, inputs))
    pare_dense_u8s8_pack(weights, outputs, inputs, &packed)
    var operands = pare_dense_u8s8()
    operands.groups = Int32(groups)
    operands.tiles = Int32(tiles)
    operands.weights = place(packed)
    operands.bias = place((0..<tiles * 16).map { _ in Int32(generator.below(200_001) - 100_000) })
    operands.multiplier = place((0..<tiles * 16).map { _ in Int32((1 << 30) + generator.below(1 << 30)) })
    operands.shift = place((0..<tiles * 16).map { _ in Int32(extreme ? (isHigh ? 32 + generator.below(22) : 1 + generator.below(63)) : 36 + generator.below(10)) })
    operands.scale = place((0..<tiles * 16).map { _ in Float(0.001 + generator.uniform()) })
    operands.zero_point = Int32(generator.below(256))
    operands.low = generator.below(2) == 0 ? operands.zero_point : 0
    let shifts = Array(UnsafeBufferPointer(start: operands.shift, count: tiles * 16))
    if shifts.allSatisfy({ pare_shift_has_high_form($0) != 0 }) {
      var rounding = [Int64](repeating: 0, count: tiles * 16)
      var highShift = [Int32](repeating: 0, count: tiles * 16)
      pare_requantization_pack(shifts, tiles * 16, operands.zero_point, &rounding, &highShift)
      (operands.rounding, operands.high_shift) = (place(rounding), place(highShift))
    }
    return operands
  }

  private mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.normal()) } }

  private func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  private mutating func place<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafePointer<Element> {
    let block = UnsafeMutableRawPointer.allocate(byteCount: values.count * MemoryLayout<Element>.stride, alignment: 64)
    memory.append(block)
    let start = block.bindMemory(to: Element.self, capacity: values.count)
    start.update(from: values, count: values.count)
    return UnsafePointer(start)
  }
}
