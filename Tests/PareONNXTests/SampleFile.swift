import Foundation
import PareGraph
import PareONNX
import PareTensor

/// An ONNX file put together message by message.
struct SampleFile {
  var model = WireModel()

  init(opset: Int = 21, domains: [String: Int] = [:]) {
    model.irVersion = 10
    model.graph.name = "sample"
    for (domain, version) in domains.merging(["": opset], uniquingKeysWith: { first, _ in first }) {
      var entry = WireOperatorSet()
      entry.domain = domain
      entry.version = Int64(version)
      model.opsetImport.append(entry)
    }
  }

  mutating func input(_ name: String, _ type: ValueType) { model.graph.inputs.append(WireValueInfo(ValueInfo(name, type))) }

  mutating func output(_ name: String, _ type: ValueType = ValueType(.float32, [])) {
    model.graph.outputs.append(WireValueInfo(ValueInfo(name, type)))
  }

  mutating func initializer(_ name: String, _ tensor: Tensor) { model.graph.initializers.append(WireTensor(name, tensor)) }

  mutating func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: Attribute] = [:], domain: String = "",
    name: String = ""
  ) {
    model.graph.nodes.append(Self.node(type, inputs, outputs, attributes, domain: domain, name: name))
  }

  static func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: Attribute] = [:], domain: String = "",
    name: String = ""
  ) -> WireNode {
    var node = WireNode()
    node.operatorName = type
    node.inputs = inputs
    node.outputs = outputs
    node.name = name
    node.domain = domain
    node.attributes = attributes.sorted { $0.key < $1.key }.map { WireAttribute($0.key, $0.value) }
    return node
  }

  static func function(
    _ name: String, inputs: [String], outputs: [String], attributes: [String] = [], _ nodes: [WireNode]
  ) -> WireFunction {
    var function = WireFunction()
    function.name = name
    function.domain = "local"
    function.inputs = inputs
    function.outputs = outputs
    function.attributes = attributes
    function.nodes = nodes
    var opset = WireOperatorSet()
    opset.version = 21
    function.opsetImport = [opset]
    return function
  }

  var bytes: [UInt8] { get throws { try model.serializedBytes() } }

  func decoded(folder: String? = nil, options: ONNXImportOptions = ONNXImportOptions()) throws -> Model {
    try ONNXFile.decode(bytes, folder: folder, options: options)
  }

  /// The code of the error that reading the file ends in; nil where it can be read.
  func failure(folder: String? = nil, options: ONNXImportOptions = ONNXImportOptions()) throws -> ONNXError? {
    do {
      _ = try decoded(folder: folder, options: options)
      return nil
    } catch let error as ONNXError {
      return error
    }
  }

  /// Two layers, one of them through a Transpose and an Identity, with a shape computed on the way.
  static func perceptron() -> SampleFile {
    var file = SampleFile()
    file.input("x", ValueType(.float32, ["batch", 4]))
    file.initializer("w0", Tensor((0..<24).map { Float($0) / 16 - 0.7 }, shape: [6, 4]))
    file.initializer("b0", Tensor((0..<6).map { Float($0) / 8 }))
    file.initializer("w1", Tensor((0..<18).map { 0.5 - Float($0) / 20 }, shape: [3, 6]))
    file.initializer("b1", Tensor([Float(0.25), -0.5, 0]))
    file.initializer("shape", Tensor([Int64(0), -1]))
    file.node("Gemm", ["x", "w0", "b0"], ["h"], ["transB": .int(1)], name: "first")
    file.node("Relu", ["h"], ["r"])
    file.node("Transpose", ["w1"], ["t"], ["perm": .ints([1, 0])])
    file.node("Identity", ["t"], ["i"])
    file.node("MatMul", ["r", "i"], ["m"])
    file.node("Add", ["m", "b1"], ["logits"])
    file.node("Reshape", ["logits", "shape"], ["flat"])
    file.node("Softmax", ["flat"], ["p"], ["axis": .int(-1)])
    file.output("logits", ValueType(.float32, ["batch", 3]))
    file.output("p", ValueType(.float32, ["batch", 3]))
    return file
  }

  /// A function that is called twice, with an attribute of its own, and a branch that is decided by a constant.
  static func structured() -> SampleFile {
    var file = SampleFile(domains: ["local": 1])
    file.input("x", ValueType(.float32, ["batch", 4]))
    var reshape = node("Softmax", ["s"], ["y"])
    var axis = WireAttribute()
    axis.name = "axis"
    axis.kind = .int
    axis.reference = "along"
    reshape.attributes = [axis]
    file.model.functions = [
      function("Twice", inputs: ["a"], outputs: ["y"], attributes: ["along"], [node("Add", ["a", "a"], ["s"]), reshape])
    ]
    file.node("Twice", ["x"], ["u"], ["along": .int(1)], domain: "local")
    file.node("Twice", ["u"], ["v"], ["along": .int(0)], domain: "local")
    file.initializer("condition", Tensor([true]))
    var branch = node("If", ["condition"], ["z"])
    for (name, type) in [("then_branch", "Relu"), ("else_branch", "Sigmoid")] {
      var graph = WireGraph()
      graph.nodes = [node(type, ["v"], ["s"]), node("Add", ["s", "one"], ["inner"])]
      graph.initializers = [WireTensor("one", Tensor(scalar: Float(1)))]
      graph.outputs = [WireValueInfo(ValueInfo("inner", ValueType(.float32, [])))]
      var attribute = WireAttribute()
      attribute.name = name
      attribute.kind = .graph
      attribute.graph = graph
      branch.attributes.append(attribute)
    }
    file.model.graph.nodes.append(branch)
    file.output("z", ValueType(.float32, ["batch", 4]))
    return file
  }
}

extension Model {
  /// The outputs for one input.
  func evaluated(_ input: Tensor, binding: [String: Int] = [:]) throws -> [String: Tensor] {
    try ReferenceEvaluator(graph, binding: binding).run([graph.inputs[0].name: input])
  }
}

/// A folder of its own for a test.
final class Folder {
  let path = NSTemporaryDirectory() + "pare-onnx-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}
