import CPareKernels
import PareGraph
import PareTensor

/// The memory in which one thread runs a plan. Not for use from several threads at once.
///
/// `run(features:)` allocates nothing, takes no lock, calls no system and counts no references where every step of the
/// plan is fast; a reference step allocates nothing either, but is written to be read.
public final class ExecutionContext {
  /// What `run(features:)` returns where a feature is NaN: no position may be taken on it.
  public static let invalidDecision: Int8 = .min

  private enum Segment {
    case fast(UnsafePointer<pare_step>, count: Int)
    case reference(Evaluation, EvaluationBuffers)
  }

  public let plan: ExecutionPlan
  let arena: UnsafeMutablePointer<UInt8>
  /// The whole program, where it is one run of kernels.
  let program: UnsafePointer<pare_step>?
  private let programCount: Int
  private let segments: [Segment]
  private let buffers: [UnsafeMutableRawPointer]
  let nanFlag: UnsafePointer<Int32>
  private let decision: UnsafePointer<Int8>?
  /// Four bytes that the last step of a run wrote: what a dependent chain waits for.
  let link: UnsafePointer<UInt32>
  private let features: UnsafeMutableRawPointer?

  /// - Parameter arenas: how many there are, one after the other: of rows that are taken together, each has its own.
  init(_ plan: ExecutionPlan, arenas: Int = 1) {
    self.plan = plan
    let byteCount = plan.arenaStride * arenas
    let arena = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: MemoryPlan.alignment)
    arena.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    self.arena = arena.assumingMemoryBound(to: UInt8.self)
    var allocated: [UnsafeMutableRawPointer] = []
    segments = plan.segments.map { segment in
      switch segment {
      case .fast(let steps, let count):
        return .fast(steps, count: count)
      case .reference(let step, let inputs, let outputs):
        let from = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: max(inputs.count, 1))
        for (index, input) in inputs.enumerated() {
          switch input {
          case .arena(let offset): (from + index).initialize(to: UnsafeRawPointer(arena + offset))
          case .constant(let address): (from + index).initialize(to: address)
          case .absent: (from + index).initialize(to: nil)
          }
        }
        let to = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: max(outputs.count, 1))
        for (index, offset) in outputs.enumerated() { (to + index).initialize(to: arena + offset) }
        allocated += [UnsafeMutableRawPointer(from), UnsafeMutableRawPointer(to)]
        return .reference(step.evaluation(), EvaluationBuffers(inputs: from, outputs: to, step: 0))
      }
    }
    buffers = allocated
    if plan.segments.count == 1, case .fast(let steps, let count) = plan.segments[0], plan.readsFeaturesInPlace {
      (program, programCount) = (steps, count)
    } else {
      (program, programCount) = (nil, 0)
    }
    nanFlag = UnsafePointer((arena + (plan.offsets[PlannedStep.nanFlag] ?? 0)).assumingMemoryBound(to: Int32.self))
    let decides = plan.outputs.contains { $0.name == "decision" && $0.type == TensorType(.int8, [plan.rowCount]) }
    decision = decides
      ? plan.offsets["decision"].map { UnsafePointer((arena + $0).assumingMemoryBound(to: Int8.self)) } : nil
    let last = plan.outputs.last.flatMap { plan.offsets[$0.name] } ?? 0
    link = UnsafePointer((arena + last).assumingMemoryBound(to: UInt32.self))
    features = plan.readsFeaturesInPlace ? nil : plan.inputs.first.flatMap { plan.offsets[$0.name] }.map { arena + $0 }
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
    arena.deallocate()
  }

  /// One decision.
  ///
  /// - Parameter features: the elements of the plan's only input, Float32, at any alignment of a Float.
  /// - Returns: −1 (short), 0 (no position), 1 (long); 0 where the graph makes no decision; `invalidDecision` where a
  ///   feature is NaN. An infinite feature is clipped by the normalizer like any other value. The outputs in memory are
  ///   what the graph's operators give, NaN or not.
  /// - Throws: `inference.input` where the plan has not one input, of Float32; what a reference step finds in its data.
  @inline(__always)
  public func run(features: UnsafePointer<Float>) throws -> Int8 {
    if let program {
      pare_program_run(program, programCount, arena, features)
    } else {
      try runSegments(features)
    }
    if nanFlag.pointee != 0 { return Self.invalidDecision }
    return decision.map(\.pointee) ?? 0
  }

  /// The rows of a block: one decision each.
  func runRows(_ features: UnsafePointer<Float>, _ decisions: UnsafeMutablePointer<Int8>) throws {
    _ = try run(features: features)
    for row in 0..<plan.rowCount {
      decisions[row] = nanFlag[row] != 0 ? Self.invalidDecision : decision?[row] ?? 0
    }
  }

  /// All steps, where they are one run of kernels.
  var wholeProgram: (UnsafePointer<pare_step>, count: Int)? {
    guard segments.count == 1, case .fast(let steps, let count) = segments[0] else { return nil }
    return (steps, count)
  }

  /// Where an input lies that is not read in place.
  func mutableAddress(of input: String) -> UnsafeMutableRawPointer? {
    plan.offsets[input].map { UnsafeMutableRawPointer(arena + $0) }
  }

  /// Where an output lies.
  func address(of output: String) -> UnsafeRawPointer? { plan.offsets[output].map { UnsafeRawPointer(arena + $0) } }

  @inline(never)
  private func runSegments(_ external: UnsafePointer<Float>) throws {
    guard plan.takesFeatures else {
      throw InferenceError(
        "input", subject: plan.name, expected: "one float32 input",
        found: plan.inputs.map { "'\($0.name)' \($0.type.elementType.rawValue)" }.joined(separator: ", "))
    }
    features?.copyMemory(from: external, byteCount: plan.inputs[0].type.byteCount)
    try runSegments(external: UnsafeRawPointer(external))
  }

  func runSegments(external: UnsafeRawPointer?) throws {
    for segment in segments {
      switch segment {
      case .fast(let steps, let count): pare_program_run(steps, count, arena, external)
      case .reference(let evaluation, let buffers): try evaluation(buffers)
      }
    }
  }

  /// Runs on tensors by name, for tools and tests.
  ///
  /// - Throws: `inference.input` for a missing or misshapen input.
  public func run(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
    for input in plan.inputs {
      let expected = "\(input.type.elementType.rawValue)\(input.type.shape)"
      guard let tensor = inputs[input.name], tensor.elementType == input.type.elementType, tensor.shape == input.type.shape
      else {
        let found = inputs[input.name].map { "\($0.elementType.rawValue)\($0.shape)" } ?? "none"
        throw InferenceError("input", subject: "input '\(input.name)'", expected: expected, found: found)
      }
      guard let offset = plan.offsets[input.name] else { continue }
      tensor.withUnsafeBytes { bytes in
        if let from = bytes.baseAddress { UnsafeMutableRawPointer(arena + offset).copyMemory(from: from, byteCount: bytes.count) }
      }
    }
    if plan.readsFeaturesInPlace, let tensor = plan.inputs.first.flatMap({ inputs[$0.name] }) {
      try tensor.withUnsafeBytes { try runSegments(external: $0.baseAddress) }
    } else {
      try runSegments(external: nil)
    }
    return Dictionary(
      uniqueKeysWithValues: plan.outputs.map { output in
        (output.name, Tensor(elementType: output.type.elementType, shape: output.type.shape, bytes: bytes(of: output)))
      })
  }

  /// The elements of an output, as the last run left them.
  ///
  /// - Returns: nil where the plan has no such output or it has another type.
  public func output<Element: TensorElement>(
    _ name: String, as type: Element.Type = Element.self
  ) -> UnsafeBufferPointer<Element>? {
    guard let output = plan.outputs.first(where: { $0.name == name }), output.type.elementType == Element.elementType
    else { return nil }
    return bytes(of: output).bindMemory(to: Element.self)
  }

  func bytes(of output: ExecutionPlan.Value) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: arena + (plan.offsets[output.name] ?? 0), count: output.type.byteCount)
  }
}
