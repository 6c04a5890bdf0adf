import PareTensor

/// What Pare knows of an operator: one conforming type per operator, in one file of `Operators/`, on one line of
/// `OperatorCatalogue`.
public protocol Operator: Sendable {
  static var name: OperatorName { get }
  /// How many inputs may be given, trailing optional ones included.
  static var inputCount: ClosedRange<Int> { get }
  static var outputCount: ClosedRange<Int> { get }
  /// Every attribute that is understood; another is refused by name.
  static var attributeNames: [String] { get }

  /// The types of the outputs.
  static func inferTypes(_ context: InferenceContext) throws -> [ValueType]

  /// What is known of the outputs before the graph runs. By default what evaluation gives where all inputs are known;
  /// an operator that passes extents on (`Shape`, `Concat`) says how, symbols included.
  static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?]

  /// Whether a node may be replaced by what it yields where its inputs are constants. Not where it draws at random, and
  /// not where it stands for how numbers are stored.
  static var isFoldable: Bool { get }

  /// Inputs whose parameters are weights that training changes, where an imported model does not say.
  static var weightInputs: Set<Int> { get }

  /// Whether the evaluation takes float16 and bfloat16 itself. Where it does not, it is run in Float32 and rounded.
  static var evaluatesHalfPrecision: Bool { get }

  /// The reference evaluation for concrete shapes: plain Swift, written to be read. Everything that depends on
  /// shapes and attributes is worked out here; the closure that is returned only computes, allocates nothing, and
  /// writes every element of every output.
  static func prepare(_ context: PreparationContext) throws -> Evaluation

  /// The node to put in this one's place where its gradient is wanted: the same inputs and first outputs, and further
  /// outputs, under names that `fresh` makes of stems, which hold what the gradient would otherwise compute again. By
  /// default the node itself.
  static func differentiableForm(of node: Node, naming fresh: (String) -> String) throws -> Node

  /// The gradient as more graph: for each input the name of a value that holds it, or nil where none flows.
  ///
  /// - Throws: `graph.not-differentiable` by default.
  static func gradient(_ context: inout GradientContext) throws -> [String?]
}

extension Operator {
  public static var outputCount: ClosedRange<Int> { 1...1 }
  public static var attributeNames: [String] { [] }
  public static var weightInputs: Set<Int> { [] }
  public static var evaluatesHalfPrecision: Bool { false }

  public static func differentiableForm(of node: Node, naming fresh: (String) -> String) throws -> Node { node }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    throw GraphError(
      "not-differentiable", node: context.node, found: "\(name) has no gradient, and something trainable lies before it")
  }
}

/// What an operator sees when its output types are inferred.
public struct InferenceContext {
  public let node: Node
  /// One per input of the node; nil where an optional input is not given.
  public let inputs: [ValueType?]
  /// What is known of each input: the value of a parameter that training does not change, and what follows from such.
  public let knownValues: [KnownValue?]

  public init(node: Node, inputs: [ValueType?], knownValues: [KnownValue?]) {
    self.node = node
    self.inputs = inputs
    self.knownValues = knownValues
  }

  /// The inputs that are known in full.
  public var constants: [Tensor?] { knownValues.map { $0?.tensor } }

  /// The type of a required input.
  public func input(_ index: Int) throws -> ValueType {
    guard index < inputs.count, let type = inputs[index] else {
      throw GraphError("missing-input", node: node, expected: "input \(index)", found: "none")
    }
    return type
  }

  public func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

  public func constant(_ index: Int) -> Tensor? { index < knownValues.count ? knownValues[index]?.tensor : nil }
}

/// Element type and shape of a value whose every extent is known.
public struct TensorType: Sendable, Hashable {
  public var elementType: ElementType
  public var shape: Shape

  public init(_ elementType: ElementType, _ shape: Shape) {
    self.elementType = elementType
    self.shape = shape
  }

  public var byteCount: Int { shape.elementCount * elementType.byteCount }
}

/// What an operator sees when its evaluation is prepared.
///
/// The element types are those to compute in: where a whole graph is evaluated in Float64, every floating-point value
/// is Float64 here whatever the graph says, so an operator follows these types and not its attributes.
public struct PreparationContext: Sendable {
  public let node: Node
  public let inputs: [TensorType?]
  public let outputs: [TensorType]
  public let constants: [Tensor?]

  public init(node: Node, inputs: [TensorType?], outputs: [TensorType], constants: [Tensor?]) {
    self.node = node
    self.inputs = inputs
    self.outputs = outputs
    self.constants = constants
  }

  public func input(_ index: Int) throws -> TensorType {
    guard index < inputs.count, let type = inputs[index] else {
      throw GraphError("missing-input", node: node, expected: "input \(index)", found: "none")
    }
    return type
  }

  public func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

  public func constant(_ index: Int) -> Tensor? { index < constants.count ? constants[index] : nil }

  /// An error for an element type that the operator does not take.
  public func unsupported(_ type: ElementType) -> GraphError {
    GraphError("element-type", node: node, expected: "a supported element type", found: type.rawValue)
  }
}

/// Memory that an evaluation reads and writes; who runs it planned it.
public struct EvaluationBuffers {
  let inputs: UnsafePointer<UnsafeRawPointer?>
  let outputs: UnsafePointer<UnsafeMutableRawPointer>
  /// Counts runs: operators that draw random numbers derive them from their seed and this.
  public let step: UInt64

  public init(
    inputs: UnsafePointer<UnsafeRawPointer?>, outputs: UnsafePointer<UnsafeMutableRawPointer>, step: UInt64
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.step = step
  }

  /// The elements of an input that the node has.
  @inline(__always)
  public func input<Element: TensorElement>(_ index: Int, as type: Element.Type = Element.self) -> UnsafePointer<Element> {
    // An optional input is asked for only by an operator that found it given when it was prepared.
    inputs[index].unsafelyUnwrapped.assumingMemoryBound(to: Element.self)
  }

  @inline(__always)
  public func output<Element: TensorElement>(
    _ index: Int = 0, as type: Element.Type = Element.self
  ) -> UnsafeMutablePointer<Element> {
    outputs[index].assumingMemoryBound(to: Element.self)
  }
}

extension EvaluationBuffers {
  /// The bytes of an input that the node has, for operators that only move elements.
  @inline(__always)
  func rawInput(_ index: Int) -> UnsafeRawPointer { inputs[index].unsafelyUnwrapped }

  @inline(__always)
  func rawOutput(_ index: Int) -> UnsafeMutableRawPointer { outputs[index] }
}

/// One node's computation, ready to run over and over.
public typealias Evaluation = @Sendable (EvaluationBuffers) throws -> Void

/// What an operator sees when its gradient is built.
public struct GradientContext {
  public let node: Node
  /// For each output, the value that holds the gradient of the loss by it; nil where none flows back.
  public let outputGradients: [String?]
  /// For each input, whether anyone asks for its gradient. Others may be left out.
  public let wanted: [Bool]
  /// The graph under construction: forward part and gradient so far.
  public var builder: GraphBuilder

  public init(node: Node, outputGradients: [String?], wanted: [Bool], builder: GraphBuilder) {
    self.node = node
    self.outputGradients = outputGradients
    self.wanted = wanted
    self.builder = builder
  }

  /// The gradient by the first output.
  public var outputGradient: String? { outputGradients.first ?? nil }

  public func isWanted(_ index: Int) -> Bool { index < wanted.count && wanted[index] && node.input(index) != nil }

  public func type(of value: String) throws -> ValueType { try builder.type(of: value) }

  /// Adds a node to the gradient and names its (first) output.
  public mutating func apply(
    _ operatorName: OperatorName, _ inputs: [String], _ attributes: [String: Attribute] = [:]
  ) throws -> String {
    try builder.apply(operatorName, inputs, attributes: attributes)
  }

  /// Adds a node with several outputs to the gradient and names them.
  public mutating func applyAll(
    _ operatorName: OperatorName, _ inputs: [String], _ attributes: [String: Attribute] = [:], outputCount: Int
  ) throws -> [String] {
    let name = builder.freshNodeName(operatorName.type.lowercased())
    let outputs = (0..<outputCount).map { "\(name).\($0)" }.map { builder.freshValueName($0) }
    try builder.append(Node(operatorName, name: name, inputs: inputs, outputs: outputs, attributes: attributes))
    return outputs
  }

  /// What a rule returns where no gradient flows to any input.
  public var noGradients: [String?] { node.inputs.map { _ in nil } }

  /// What a rule returns where a gradient flows to the first input alone.
  public func onlyByFirst(_ gradient: String?) -> [String?] {
    [gradient] + node.inputs.dropFirst().map { _ in nil }
  }

  /// The gradient by an input that `make` builds, or nil where nobody asks for it.
  public mutating func ifWanted(
    _ index: Int, _ make: (inout GradientContext) throws -> String
  ) rethrows -> String? {
    isWanted(index) ? try make(&self) : nil
  }
}
