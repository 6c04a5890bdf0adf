import CPareKernels
import PareGraph
import PareTensor

/// A graph whose steps are timed to fill a cost table, in every form in which layers come.
struct CalibrationCase {
  /// The forms of dense layers.
  enum Form: CaseIterable {
    case float32, float16, bfloat16, codebook, slots, columns, int8, int4, signs
    case int8Blocks, int8Slots16, int8Slots64

    var isInteger: Bool { [.int8, .int4, .int8Blocks, .int8Slots16, .int8Slots64].contains(self) }
  }

  /// Operations that the planner shall take although it may know something faster.
  var forced: [pare_operation] = []
  /// Rows in a batch.
  var rows = 1
  var graph: () throws -> Graph

  /// What a table is measured on.
  ///
  /// - Parameter extents: of dense layers, ascending.
  static func all(extents: [Int]) -> [CalibrationCase] {
    var cases: [CalibrationCase] = []
    for form in Form.allCases {
      for a in extents {
        for b in extents {
          cases.append(CalibrationCase(forced: form.forced) { try dense(a, b, form) })
        }
      }
    }
    for form in [Form.float32, .int8] {
      for a in extents.filter({ $0 <= 512 }) {
        for b in extents.filter({ $0 <= 512 }) { cases.append(CalibrationCase(rows: 8) { try dense(a, b, form) }) }
      }
      for channels in [4, 16, 64] {
        for filters in [8, 32, 128] { cases.append(CalibrationCase { try convolution(channels, filters, form) }) }
      }
      for features in [16, 64, 256] {
        for hidden in [16, 64, 128, 256, 512] { cases.append(CalibrationCase { try lstm(features, hidden, form) }) }
      }
    }
    for size in [8, 16, 32] {
      for keys in [16, 64, 128] { cases.append(CalibrationCase { try attention(size, keys) }) }
    }
    for count in [16, 256, 4096, 65536] { cases.append(CalibrationCase { try passes(count) }) }
    for classes in [2, 3, 5] { cases.append(CalibrationCase { try probabilities(classes) }) }
    for trees in [8, 64, 512] { cases.append(CalibrationCase { try forest(trees, depth: 6) }) }
    return cases
  }

  // MARK: dense layers

  /// features → dense of b → Relu → dense of a → outputs, each with the form's weights.
  private static func dense(_ a: Int, _ b: Int, _ form: Form) throws -> Graph {
    var layers = try Layers("dense", input: ["batch", .fixed(a)])
    for (inputs, outputs) in [(a, b), (b, a)] {
      try layers.dense(inputs, outputs, form)
      if form != .signs { try layers.apply("Relu") }
    }
    return try layers.finish()
  }

  private static func convolution(_ channels: Int, _ filters: Int, _ form: Form) throws -> Graph {
    var layers = try Layers("convolution", input: [1, .fixed(channels), 34])
    if form == .int8 { try layers.quantizePair() }
    try layers.convolution(channels, filters, form)
    try layers.apply("Relu")
    return try layers.finish()
  }

  private static func lstm(_ features: Int, _ hidden: Int, _ form: Form) throws -> Graph {
    var layers = try Layers("lstm", input: [8, 1, .fixed(features)])
    try layers.lstm(features, hidden)
    let graph = try layers.finish()
    guard form == .int8 else { return graph }
    return try RecurrentQuantization.quantize(graph, ["lstm": RecurrentRanges(inputScale: 8 / 255, inputZeroPoint: 128, cell: 8)])
  }

  // MARK: everything else

  private static func attention(_ size: Int, _ keys: Int) throws -> Graph {
    var layers = try Layers("attention", input: [1, .fixed(keys), .fixed(2 * size)])
    try layers.attention(heads: 2)
    return try layers.finish()
  }

  /// What passes over elements.
  private static func passes(_ count: Int) throws -> Graph {
    var layers = try Layers("passes", input: [.fixed(count / 16), 16])
    for name in ["Sigmoid", "Tanh", "Gelu", "Exp"] { try layers.apply("Relu"); try layers.apply(OperatorName(name)) }
    try layers.normalize(16)
    try layers.apply("Softmax")
    try layers.add(16)
    try layers.apply("Transpose", attributes: ["perm": .ints([1, 0])])
    return try layers.finish()
  }

  private static func probabilities(_ classes: Int) throws -> Graph {
    var layers = try Layers("probabilities", input: ["batch", .fixed(classes)])
    try layers.apply("Softmax")
    return try layers.finish()
  }

  /// Complete trees over 32 features.
  private static func forest(_ trees: Int, depth: Int) throws -> Graph {
    var layers = try Layers("forest", input: ["batch", 32])
    try layers.forest(trees, depth: depth)
    return try layers.finish()
  }
}

extension CalibrationCase.Form {
  fileprivate var forced: [pare_operation] {
    switch self {
    case .float16: [pare_operation_dense_f16]
    case .bfloat16: [pare_operation_dense_bf16]
    case .codebook: [pare_operation_dense_lut4]
    case .slots: [pare_operation_dense_slots_f32]
    case .columns: [pare_operation_dense_block_f32]
    case .int8Blocks: [pare_operation_dense_block_u8s8_u8, pare_operation_dense_block_u8s8_f32]
    case .int8Slots16: [pare_operation_dense_slots16_u8s8_u8, pare_operation_dense_slots16_u8s8_f32]
    case .int8Slots64: [pare_operation_dense_slots64_u8s8_u8, pare_operation_dense_slots64_u8s8_f32]
    case .float32, .int8, .int4, .signs: []
    }
  }
}
