import CPareKernels
import PareGraph
import PareTensor

/// Where each value lies in the arena.
struct ArenaLayout {
  let offsets: [String: Int]
  let byteCount: Int

  /// Inputs and outputs live all along, other values from their maker to their last user.
  init(_ steps: [PlannedStep], inputs: [ExecutionPlan.Value], outputs: [String], types: [String: TensorType]) {
    let end = steps.count
    var lifetimes: [String: ClosedRange<Int>] = [PlannedStep.nanFlag: 0...end]
    for name in inputs.map(\.name) + outputs { lifetimes[name] = 0...end }
    for (index, step) in steps.enumerated() {
      for name in step.outputs where lifetimes[name] == nil { lifetimes[name] = index...index }
      for name in step.inputs {
        if let lifetime = lifetimes[name] { lifetimes[name] = lifetime.lowerBound...max(lifetime.upperBound, index) }
      }
    }
    let names = lifetimes.keys.sorted()
    let memory = MemoryPlan(
      names.map { name in
        // Nothing is empty, so that every value has memory of its own.
        .init(byteCount: max(types[name]?.byteCount ?? MemoryLayout<Int32>.size, 1), lifetime: lifetimes[name] ?? 0...end)
      })
    offsets = Dictionary(uniqueKeysWithValues: zip(names, memory.offsets))
    byteCount = memory.byteCount
  }
}

/// The steps with their constants in a pool: what a context runs.
struct Program {
  let segments: [ExecutionPlan.Segment]
  let kernelNames: [String]
  let pool: ConstantPool

  /// - Parameter external: the input that is read where the caller has it.
  init(
    _ steps: [PlannedStep], _ graph: Graph, _ kernels: KernelSelection, _ offsets: [String: Int], external: String?,
    pool: ConstantPool
  ) {
    var segments: [ExecutionPlan.Segment] = []
    var kernelNames: [String] = []
    var run: [pare_step] = []
    func endRun() {
      guard !run.isEmpty else { return }
      let placed = pool.place(run.count, of: pare_step.self) { $0.update(from: run, count: run.count) }
      if let placed { segments.append(.fast(placed, count: run.count)) }
      run = []
    }
    var constants: [String: UnsafeRawPointer?] = [:]
    func location(_ name: String) -> ExecutionPlan.Location {
      if let offset = offsets[name], !name.isEmpty { return .arena(offset) }
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
    for step in steps {
      switch step.body {
      case .fast(let fast):
        let variant = kernels.variant(of: fast.operation)
        kernelNames.append("\(String(cString: pare_operation_name(fast.operation)))/\(String(cString: variant.name))")
        let input = step.inputs[0] == external ? Int(bitPattern: UInt.max) : offsets[step.inputs[0]] ?? 0
        run.append(
          pare_step(
            run: variant.run, operands: fast.place(in: pool), input: input, output: offsets[step.outputs[0]] ?? 0))
      case .reference(let evaluation):
        endRun()
        kernelNames.append("reference")
        segments.append(
          .reference(evaluation, inputs: step.inputs.map(location), outputs: step.outputs.map { offsets[$0] ?? 0 }))
      }
    }
    endRun()
    self.segments = segments
    self.kernelNames = kernelNames
    self.pool = pool
  }
}
