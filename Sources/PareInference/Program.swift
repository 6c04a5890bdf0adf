import CPareKernels
import PareGraph
import PareTensor

/// Where each value, and the scratch and state of each step, lies in the arena.
struct ArenaLayout {
  /// By value; a view has its source's.
  let offsets: [String: Int]
  /// By step; 0 where a step has none.
  let scratch: [Int]
  let state: [Int]
  let byteCount: Int
  /// The value whose memory a view is, and the byte from which on.
  let sources: [String: (name: String, offset: Int)]

  /// Inputs, outputs and state live all along, other values from their maker to their last user, scratch while its step
  /// runs.
  ///
  /// - Parameter sharing: outputs that lie where an input does, and which.
  init(
    _ steps: [PlannedStep], inputs: [String], outputs: [String], types: [String: TensorType], sharing: [String: String] = [:]
  ) {
    var sources: [String: (name: String, offset: Int)] = sharing.mapValues { ($0, 0) }
    for step in steps {
      guard case .view(let offsets) = step.body else { continue }
      let source = sources[step.inputs[0]] ?? (step.inputs[0], 0)
      for (output, offset) in zip(step.outputs, offsets) { sources[output] = (source.name, source.offset + offset) }
    }
    func source(_ name: String) -> String { sources[name]?.name ?? name }
    let end = steps.count
    var lifetimes: [String: ClosedRange<Int>] = [PlannedStep.nanFlag: 0...end]
    for name in inputs + outputs { lifetimes[source(name)] = 0...end }
    for (index, step) in steps.enumerated() {
      for name in step.outputs where sources[name] == nil && lifetimes[name] == nil { lifetimes[name] = index...index }
      for name in step.inputs.map(source) {
        if let lifetime = lifetimes[name] { lifetimes[name] = lifetime.lowerBound...max(lifetime.upperBound, index) }
      }
    }
    let names = lifetimes.keys.sorted()
    var requests = names.map { name in
      // Nothing is empty, so that every value has memory of its own.
      MemoryPlan.Request(
        byteCount: max(types[name]?.byteCount ?? MemoryLayout<Int32>.size, 1), lifetime: lifetimes[name] ?? 0...end)
    }
    for (index, step) in steps.enumerated() {
      guard case .fast(let kind) = step.body else {
        requests += [.init(byteCount: 0, lifetime: index...index), .init(byteCount: 0, lifetime: index...index)]
        continue
      }
      requests.append(.init(byteCount: kind.scratchByteCount, lifetime: index...index))
      requests.append(.init(byteCount: kind.stateByteCount, lifetime: 0...end))
    }
    let memory = MemoryPlan(requests)
    var offsets = Dictionary(uniqueKeysWithValues: zip(names, memory.offsets))
    for (name, source) in sources { offsets[name] = offsets[source.name].map { $0 + source.offset } }
    self.offsets = offsets
    scratch = steps.indices.map { memory.offsets[names.count + 2 * $0] }
    state = steps.indices.map { memory.offsets[names.count + 2 * $0 + 1] }
    // A kernel may read a tile that begins within a value.
    byteCount = memory.byteCount + MemoryPlan.alignment
    self.sources = sources
  }
}

/// The steps with their constants in a pool: what a context runs.
struct Program {
  private(set) var segments: [ExecutionPlan.Segment] = []
  private(set) var kernelNames: [String] = []
  /// Bytes of each step's constants.
  private(set) var constantBytes: [Int] = []
  let pool: ConstantPool
  /// The operands of steps that keep a state from row to row.
  private(set) var streams: [UnsafeRawPointer] = []
  /// For each step of the first segment up to the last that keeps a state, whether it keeps one.
  private(set) var isStream: [UInt8] = []

  private let graph: Graph
  private let layout: ArenaLayout
  private let external: String?
  private var constants: [String: UnsafeRawPointer?] = [:]
  private var run: [pare_step] = []

  /// - Parameter external: the input that is read where the caller has it.
  init(
    _ steps: [PlannedStep], _ graph: Graph, _ kernels: KernelSelection, _ layout: ArenaLayout, external: String?,
    pool: ConstantPool
  ) {
    (self.graph, self.layout, self.external, self.pool) = (graph, layout, external, pool)
    for (index, step) in steps.enumerated() {
      let before = pool.byteCount
      defer { constantBytes.append(pool.byteCount - before) }
      switch step.body {
      case .view:
        kernelNames.append("view")
      case .fast(let kind):
        let site = StepSite(
          pool: pool, kernels: kernels, inputs: step.inputs.map { place($0) }, outputs: step.outputs.map(offset),
          scratch: layout.scratch[index], state: layout.state[index])
        let kernel = kind.kernel(kernels)
        kernelNames.append(kernel.name)
        let operands = kind.pack(at: site)
        if kind.isStream, let operands {
          streams.append(operands)
          isStream += [UInt8](repeating: 0, count: max(run.count - isStream.count, 0)) + [1]
        }
        run.append(
          pare_step(
            run: kernel.run, operands: operands, input: site.inputs.first?.offset ?? 0,
            output: site.outputs.first ?? 0))
      case .reference(let reference):
        endRun()
        kernelNames.append("reference")
        segments.append(
          .reference(reference, inputs: step.inputs.map { location($0) }, outputs: step.outputs.map(offset)))
      }
    }
    endRun()
  }

  private func offset(_ name: String) -> Int { layout.offsets[name] ?? 0 }

  private mutating func endRun() {
    guard !run.isEmpty else { return }
    let steps = run
    let placed = pool.place(steps.count, of: pare_step.self) { $0.update(from: steps, count: steps.count) }
    if let placed { segments.append(.fast(placed, count: steps.count)) }
    run = []
  }

  private mutating func place(_ name: String) -> pare_place {
    if let external, name == external || layout.sources[name]?.name == external {
      return pare_place(constant: nil, offset: Int(bitPattern: UInt.max))
    }
    return switch location(name) {
    case .arena(let offset): pare_place(constant: nil, offset: offset)
    case .constant(let address): pare_place(constant: address, offset: 0)
    case .absent: pare_place(constant: nil, offset: 0)
    }
  }

  private mutating func location(_ name: String) -> ExecutionPlan.Location {
    if let offset = layout.offsets[name], !name.isEmpty { return .arena(offset) }
    guard let parameter = graph.parameters[name] else { return .absent }
    if constants[name] == nil {
      let tensor = parameter.storage.decoded()
      constants[name] = pool.place(tensor.byteCount, of: UInt8.self) { start in
        tensor.withUnsafeBytes { bytes in
          if let from = bytes.baseAddress { UnsafeMutableRawPointer(start).copyMemory(from: from, byteCount: bytes.count) }
        }
      }.map { UnsafeRawPointer($0) }
    }
    return (constants[name] ?? nil).map { .constant($0) } ?? .absent
  }
}
