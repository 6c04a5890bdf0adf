import CPareInterface
import PareGraph
import PareInference
import PareTensor

/// What a `pare_model` points to: a plan and what C asks about it, as C reads it. Never changes.
final class ModelHandle: @unchecked Sendable {  // The pointers are to `memory`, which is only read.
  struct Section {
    let name: String
    let cName: UnsafePointer<CChar>
    let text: UnsafePointer<CChar>
    let byteCount: Int
  }

  let plan: ExecutionPlan
  /// Elements of the only input, where it is one of Float32; otherwise nil.
  let featureCount: Int?
  let inputs: [pare_value]
  let outputs: [pare_value]
  let sections: [Section]
  let name: UnsafePointer<CChar>
  let description: UnsafePointer<CChar>
  let kernels: UnsafePointer<CChar>
  private let memory = ForeignMemory()

  /// - Throws: what `ExecutionPlan` throws; `c.memory-limit`.
  init(_ model: Model, _ options: LoadOptions) throws {
    // Before anything of the size that the file claims is asked for.
    let bound = try ExecutionPlan.memoryBound(model.graph)
    guard bound <= options.memoryLimit else {
      throw CInterfaceError(
        "memory-limit", subject: model.graph.name, expected: "a model that takes at most \(options.memoryLimit) bytes",
        found: "one that may take \(bound)", category: .badData)
    }
    let kernels = try options.kernels ?? .fromEnvironment()
    let memory = memory
    plan = try ExecutionPlan(model, outputs: options.outputs, kernels: kernels)
    featureCount =
      plan.inputs.count == 1 && plan.inputs[0].type.elementType == .float32 ? plan.inputs[0].type.shape.elementCount : nil
    inputs = plan.inputs.map { Self.described($0, memory) }
    outputs = plan.outputs.map { Self.described($0, memory) }
    sections = model.sections.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { name, text in
      Section(name: name, cName: memory.text(name), text: memory.text(text), byteCount: text.utf8.count)
    }
    name = memory.text(plan.name)
    description = memory.text(plan.description)
    self.kernels = memory.text(kernels.instructionSet.rawValue)
  }

  var decides: Bool { plan.outputs.contains { $0.name == "decision" && $0.type == TensorType(.int8, [1]) } }

  private static func described(_ value: ExecutionPlan.Value, _ memory: ForeignMemory) -> pare_value {
    let shape = value.type.shape
    return pare_value(
      name: memory.text(value.name), extents: memory.table(shape.dimensions.map(Int64.init)), rank: shape.rank,
      element_count: shape.elementCount, byte_count: value.type.byteCount,
      element_type: pare_element_type(value.type.elementType.onnxDataType))
  }
}

/// What a `pare_context` points to. Used by one thread at a time.
final class ContextHandle {
  /// An input as memory; `bytes` is nil where it is read where the caller has it.
  struct Input {
    let name: String
    let elementType: ElementType
    let byteCount: Int
    let bytes: UnsafeMutableRawBufferPointer?
  }

  let context: ExecutionContext
  /// How many features a row has; -1 where the model takes no row of features.
  let featureCount: Int
  let inputs: [Input]
  let outputs: [UnsafeRawBufferPointer]

  init(_ model: ModelHandle) {
    let context = model.plan.makeContext()
    self.context = context
    featureCount = model.featureCount ?? -1
    inputs = model.plan.inputs.enumerated().map { index, value in
      Input(
        name: value.name, elementType: value.type.elementType, byteCount: value.type.byteCount,
        bytes: context.inputBytes(at: index))
    }
    outputs = model.plan.outputs.indices.map { context.outputBytes(at: $0) }
  }
}

/// An object that C holds by an opaque pointer.
protocol Handle: AnyObject {}

extension ModelHandle: Handle {}
extension ContextHandle: Handle {}

extension Handle {
  /// A pointer that owns the object until `release`.
  func retainedPointer() -> OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  static func release(_ pointer: OpaquePointer?) {
    guard let pointer else { return }
    Unmanaged<Self>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }

  /// Calls `body` with the object, which C keeps alive meanwhile: no reference is counted.
  @inline(__always)
  static func with<Result>(_ pointer: OpaquePointer, _ body: (Self) -> Result) -> Result {
    Unmanaged<Self>.fromOpaque(UnsafeRawPointer(pointer))._withUnsafeGuaranteedRef { body($0) }
  }
}
