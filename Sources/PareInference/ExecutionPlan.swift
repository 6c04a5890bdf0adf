import CPareKernels
import PareGraph
import PareTensor

/// A graph made ready for one decision at a time: shapes fixed at batch 1, steps fused, weights packed for this
/// processor, functions chosen, a place in one arena for every value.
///
/// A quantized graph (QuantizeLinear/DequantizeLinear) is lowered to integers first, so that the plan equals the
/// reference on the lowered graph bit for bit. Sparse and codebook storage is decoded to dense weights where no faster
/// form of it has a kernel.
/// A plan never changes and may be shared; each thread runs it in an ``ExecutionContext`` of its own.
public final class ExecutionPlan: @unchecked Sendable {  // Immutable once built; `pool` is only read.
  /// A value that enters or leaves, at batch 1.
  public struct Value: Sendable, Hashable {
    public let name: String
    public let type: TensorType
  }

  /// What one step is, for people.
  public struct Step: Sendable, Hashable {
    /// The graph's nodes that it computes.
    public let nodes: [String]
    /// `dense_u8s8_u8/avx512vnni`, or `reference` where no fast form exists.
    public let kernel: String
    /// What the cost table expects it to take, in nanoseconds; nil where it knows nothing of it.
    public let estimate: Double?
    /// The same with dense weights in Float32, where this is another form of such a layer.
    public let float32Estimate: Double?
    let extent: StepExtent
    /// Which form of its weights was taken, and why, where that was a choice.
    let formRemark: String?
    /// A `view` is fast: nothing runs for it.
    public var isFast: Bool { kernel != "reference" }
    /// Whether dense weights in Float32 would be faster here.
    public var isSlowerThanFloat32: Bool { if let estimate, let float32Estimate { estimate > float32Estimate } else { false } }
  }

  /// Consecutive steps that C runs in one call, or one reference evaluation.
  enum Segment {
    case fast(UnsafePointer<pare_step>, count: Int)
    case reference(ReferenceStep, inputs: [Location], outputs: [Int])
  }

  /// Where a reference evaluation finds an input.
  enum Location {
    case arena(Int)
    case constant(UnsafeRawPointer)
    case absent
  }

  public let name: String
  public let inputs: [Value]
  public let outputs: [Value]
  public let steps: [Step]
  /// Parameters whose sparse, codebook or sign storage was decoded to dense.
  public let decodedParameters: [String]
  /// Bytes that one deployed copy keeps: packed weights and operands, and one arena.
  public var residentByteCount: Int { pool.byteCount + arenaByteCount }

  /// What the cost table expects a decision to take, in nanoseconds; nil where it does not know every step.
  public var estimate: Double? {
    steps.reduce(entryEstimate) { sum, step in sum.flatMap { sum in step.estimate.map { sum + $0 } } }
  }

  private let entryEstimate: Double?
  let arenaByteCount: Int
  let offsets: [String: Int]
  let segments: [Segment]
  /// Whether the first input is what `run(features:)` is given.
  let takesFeatures: Bool
  /// Whether it is read where the caller has it.
  let readsFeaturesInPlace: Bool
  /// Kernels up to the one that says whether the rows of a panel are finite; 0 in a plan of another kind.
  let watchedCount: Int
  /// Rows that a run decides; 1 but in a plan for blocks of a batch.
  let rowCount: Int
  private let pool: ConstantPool
  /// The operands of steps that keep a state from row to row.
  let streams: UnsafePointer<UnsafeRawPointer?>?
  let streamCount: Int
  /// For each step of the first segment up to the last that keeps a state, whether it keeps one.
  let streamFlags: UnsafePointer<UInt8>?
  let streamFlagCount: Int

  /// - Parameters:
  ///   - outputs: the values to yield; the graph's outputs by default. Fewer outputs are less work: a plan for
  ///     `["decision"]` leaves out nothing that the decision needs and computes nothing else.
  ///   - kernels: by default what the environment variable `PARE_KERNELS` names, read here and never again.
  /// - Throws: `GraphError` for a graph that does not fit together, `InferenceError` for kernels that this machine lacks.
  public convenience init(_ model: Model, outputs: [String]? = nil, kernels: KernelSelection? = nil) throws {
    try self.init(model.graph, outputs: outputs, kernels: kernels)
  }

  public convenience init(_ graph: Graph, outputs wanted: [String]? = nil, kernels: KernelSelection? = nil) throws {
    try self.init(graph, outputs: wanted, kernels: kernels, rows: 1)
  }

  /// A plan for other extents than 1.
  ///
  /// - Parameter extents: by name, of a graph that leaves them open; names that are not there are 1.
  /// - Throws: `inference.extents` for a name that the graph does not have, or an extent below 1.
  public convenience init(
    _ graph: Graph, outputs wanted: [String]? = nil, extents: [String: Int], kernels: KernelSelection? = nil
  ) throws {
    let asked = try Self.graph(graph, yielding: wanted).bound(to: extents).withoutTraining()
    try self.init(planning: asked, kernels: kernels ?? .fromEnvironment(), rows: 1, streamed: nil)
  }

  /// - Parameter rows: the extent of the batch, which the graph must leave open where it is not 1.
  convenience init(_ graph: Graph, outputs wanted: [String]?, kernels: KernelSelection?, rows: Int) throws {
    let asked = ZeroStates.dropped(from: try Self.graph(graph, yielding: wanted).atBatch(rows).withoutTraining())
    try self.init(planning: asked, kernels: kernels ?? .fromEnvironment(), rows: rows, streamed: nil)
  }

  /// - Parameters:
  ///   - asked: a graph of known extents that yields what is wanted.
  ///   - rows: the extent of its batch.
  ///   - streamed: the nodes that keep a state from row to row; nil in a plan for whole inputs.
  convenience init(planning asked: Graph, kernels: KernelSelection, rows: Int, streamed: Set<String>?) throws {
    let features = asked.inputs.count == 1 && asked.inputs[0].type.elementType == .float32 ? asked.inputs[0].name : nil
    try self.init(lowered: Self.lowered(asked), features: features, kernels: kernels, rows: rows, streamed: streamed)
  }

  /// The graph as it is planned: quantized layers as integers, batch normalization taken into the layer before it,
  /// attention as one node.
  static func lowered(_ asked: Graph) throws -> Graph {
    let integers = try (IntegerLowering.applies(to: asked) ? IntegerLowering.lower(asked) : asked).fused()
    return BinaryLowering.applies(to: integers) ? try BinaryLowering.lower(integers) : integers
  }

  /// - Parameters:
  ///   - lowered: a graph of known extents, as `lowered(_:)` yields it.
  ///   - features: the first input, of Float32, where it is what a caller hands to a run; others lie in the arena. Nil
  ///     where all do.
  ///   - searchesNaN: whether a NaN among these features makes the decision invalid. Where not, they are rows of a panel, and the step
  ///     that takes in which of them are there says whether these are finite.
  ///   - carried: states that one run leaves for the next: each is an output in the memory of its input. Only the node that
  ///     yields it may read the input, element by element.
  init(
    lowered: Graph, features: String?, kernels: KernelSelection, rows: Int = 1, streamed: Set<String>? = nil,
    searchesNaN: Bool = true, carried: [StreamState] = []
  ) throws {
    var types = try Self.types(of: lowered)
    var planned = try StepCatalogue.steps(StepGraph(lowered, types: types, streamed: streamed))

    let inputs = lowered.inputs.compactMap { input in types[input.name].map { Value(name: input.name, type: $0) } }
    var inPlace = false
    var watchedCount = 0
    if let features {
      inPlace = Self.canReadInPlace(features, planned, outputs: lowered.outputs.map(\.name))
      if !searchesNaN {
        guard let index = planned.firstIndex(where: { $0.inputs.first == features }), let watched = PresentRowsStep.watched(planned[index]),
          planned[..<index].allSatisfy({ if case .reference = $0.body { false } else { true } })
        else {
          throw InferenceError(
            "features", subject: "input '\(features)'", expected: "rows of which a condition leaves out those that are absent",
            found: "another use")
        }
        planned[index] = watched
        watchedCount = planned[...index].count { if case .fast = $0.body { true } else { false } }
      } else {
        planned.insert(
          PlannedStep(
            FindNaNStep(count: inputs[0].type.shape.elementCount / rows, rows: rows), nodes: [], inputs: [features],
            outputs: [PlannedStep.nanFlag]), at: 0)
      }
    }
    let made = Set(planned.flatMap(\.outputs))
    for output in lowered.outputs where !made.contains(output.name) {
      throw InferenceError(
        "output", subject: "output '\(output.name)'", expected: "a value that a node makes", found: "an input or parameter")
    }

    types[PlannedStep.nanFlag] = TensorType(.int32, [rows])
    let layout = ArenaLayout(
      planned, inputs: inputs.map(\.name).filter { !inPlace || $0 != features }, outputs: lowered.outputs.map(\.name), types: types,
      sharing: Dictionary(carried.map { ($0.output, $0.input) }) { first, _ in first })
    let external = inPlace ? features : nil
    let counting = Program(planned, lowered, kernels, layout, external: external, pool: ConstantPool())
    // Room for what is said of steps that keep a state.
    let streamBytes = planned.count * (MemoryLayout<UnsafeRawPointer>.stride + 1) + 2 * ConstantPool.alignment
    let program = Program(
      planned, lowered, kernels, layout, external: external,
      pool: ConstantPool(capacity: counting.pool.byteCount + (streamed == nil ? 0 : streamBytes)))

    name = lowered.name
    self.inputs = inputs
    outputs = lowered.outputs.compactMap { output in types[output.name].map { Value(name: output.name, type: $0) } }
    let kept = Self.keptParameters(planned, lowered, kernels)
    let decoding = lowered.nodes.filter { node in
      node.inputs.contains { name in
        !kept.contains(name) && lowered.parameters[name].map { $0.storage.layout != .dense } ?? false
      }
    }.map(\.name)
    let reading = program.constantBytes.map { WeightReading(bytes: $0, ofPlan: counting.pool.byteCount) }
    steps = planned.indices.map { index in
      Step(
        planned[index], kernel: program.kernelNames[index], reading: reading[index], kernels: kernels, types: types,
        multipliesZeros: !Set(planned[index].nodes).isDisjoint(with: decoding))
    }
    entryEstimate = kernels.costs.entry
    decodedParameters = lowered.parameters.filter { $0.value.storage.isPacked && !kept.contains($0.key) }.map(\.key)
    arenaByteCount = layout.byteCount
    offsets = layout.offsets
    segments = program.segments
    takesFeatures = features != nil
    readsFeaturesInPlace = inPlace
    let operands = program.streams.map(Optional.some)
    streams = operands.isEmpty ? nil : program.pool.place(operands.count) { $0.update(from: operands, count: operands.count) }
    streamCount = operands.count
    let flags = program.isStream
    streamFlags = flags.isEmpty ? nil : program.pool.place(flags.count) { $0.update(from: flags, count: flags.count) }
    streamFlagCount = flags.count
    pool = program.pool
    rowCount = rows
    self.watchedCount = watchedCount
  }

  /// Whether an input needs no copy: only kernels read it, as their first input, and it is no output under another shape.
  private static func canReadInPlace(_ input: String, _ steps: [PlannedStep], outputs: [String]) -> Bool {
    var names: Set = [input]
    for step in steps {
      switch step.body {
      case .view(let offsets):
        guard names.contains(step.inputs[0]) else { continue }
        if offsets != [0] { return false }
        names.insert(step.outputs[0])
      case .fast:
        if step.inputs.dropFirst().contains(where: names.contains) { return false }
      case .reference:
        if step.inputs.contains(where: names.contains) { return false }
      }
    }
    return names.isDisjoint(with: outputs)
  }

  /// Parameters that kernels take in the form in which they are stored.
  private static func keptParameters(_ steps: [PlannedStep], _ graph: Graph, _ kernels: KernelSelection) -> Set<String> {
    var nodes: Set<String> = []
    for step in steps {
      if case .fast(let kind) = step.body, kind.keepsStorage(kernels) { nodes.formUnion(step.nodes) }
    }
    return Set(graph.nodes.filter { nodes.contains($0.name) }.flatMap(\.inputs))
  }

  /// Memory to run in, for one thread.
  public func makeContext() -> ExecutionContext { ExecutionContext(self) }

  static func graph(_ graph: Graph, yielding wanted: [String]?) throws -> Graph {
    guard let wanted else { return graph.pruned() }
    let types = try graph.inferredTypes()
    var result = graph
    result.outputs = try wanted.map { name in
      guard let type = types[name] else {
        throw InferenceError("output", subject: "output '\(name)'", expected: "a value of the graph", found: "none")
      }
      return ValueInfo(name, type)
    }
    return result.pruned()
  }

  /// The types of all values, whose every extent is known by now.
  static func types(of graph: Graph) throws -> [String: TensorType] {
    try graph.inferredTypes().mapValues { type in
      let dimensions = type.dimensions.map { $0.fixedValue ?? 1 }
      // Kernels count in Int32, and what a file says is not trusted with memory.
      guard let count = Shape.checkedElementCount(dimensions), count <= 1 << 28 else {
        throw InferenceError("shape", subject: graph.name, expected: "values of at most 2^28 elements", found: "\(type)")
      }
      return TensorType(type.elementType, Shape(dimensions))
    }
  }
}

extension Graph {
  /// Every name of an extent bound to 1, those of batches to `rows`.
  func atBatch(_ rows: Int) throws -> Graph {
    var binding = openExtents
    for input in inputs where rows != 1 {
      guard case .symbolic(let name)? = input.type.dimensions.first else {
        throw InferenceError(
          "rows", subject: "input '\(input.name)'", expected: "a batch that may be \(rows)", found: "\(input.type)")
      }
      binding[name] = rows
    }
    return try specialized(binding)
  }

  /// 1 for every name of an extent.
  private var openExtents: [String: Int] {
    var binding: [String: Int] = [:]
    for case .symbolic(let name) in inputs.flatMap(\.type.dimensions) { binding[name] = 1 }
    return binding
  }

  /// Names of extents bound as given, the others to 1.
  func bound(to extents: [String: Int]) throws -> Graph {
    var binding = openExtents
    for (name, extent) in extents.sorted(by: { $0.key < $1.key }) {
      guard binding[name] != nil, extent > 0 else {
        throw InferenceError(
          "extents", subject: "extent '\(name)'",
          expected: "one above 0 of " + binding.keys.sorted().joined(separator: ", "), found: "\(extent)", category: .usage)
      }
      binding[name] = extent
    }
    return try specialized(binding)
  }

  /// Nothing is trained any more: what follows from parameters alone is computed now.
  func withoutTraining() throws -> Graph {
    var result = self
    for name in result.parameters.keys { result.parameters[name]?.isTrainable = false }
    let folded = try ConstantFolding.fold(result)
    // An output that folds would be a parameter, which no step writes.
    return folded.outputs.allSatisfy { folded.parameters[$0.name] == nil } ? folded : result
  }

  /// Batch normalization taken into the layer before it, and attention as one node.
  fileprivate func fused() throws -> Graph {
    try foldingBatchNormalization().fusingAttention()
  }
}

extension ExecutionPlan: CustomStringConvertible {
  /// One line per step: `dense_0 + relu_0: dense_u8s8_u8/avx512vnni`.
  public var description: String {
    var lines = steps.map { step in
      "\(step.nodes.isEmpty ? "features" : step.nodes.joined(separator: " + ")): \(step.kernel)\(step.remark.map { ", " + $0 } ?? "")"
    }
    lines.append("\(residentByteCount) bytes resident, \(arenaByteCount) of them for values")
    if !decodedParameters.isEmpty {
      lines.append("decoded to dense: " + decodedParameters.joined(separator: ", "))
    }
    return lines.joined(separator: "\n")
  }
}

extension ParameterStorage {
  /// Whether elements are left out, or stand as indices or signs.
  fileprivate var isPacked: Bool {
    if case .plain = element { layout != .dense } else { true }
  }
}
