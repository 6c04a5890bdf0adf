import PareGraph
import PareTensor

/// A node as a file has it, before it becomes part of a graph.
package struct ONNXNode: Sendable {
  package var name: String
  package var operatorName: OperatorName
  /// The version of the operator's domain that the file imports.
  package var opset: Int
  /// Names of values, all known to the builder by now; empty where an optional input is not given.
  package var inputs: [String]
  package var outputs: [String]
  package var attributes: [String: Attribute]
  /// The attributes that are tensors.
  package var tensors: [String: Tensor]

  package init(
    name: String, operatorName: OperatorName, opset: Int, inputs: [String], outputs: [String],
    attributes: [String: Attribute] = [:], tensors: [String: Tensor] = [:]
  ) {
    self.name = name
    self.operatorName = operatorName
    self.opset = opset
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
    self.tensors = tensors
  }

  /// The node as a graph has it, with the attributes that are no tensors.
  package var node: Node {
    Node(operatorName, name: name, inputs: inputs, outputs: outputs, attributes: attributes)
  }
}

/// What a conversion of a node sees and adds to.
package struct ImportContext: Sendable {
  /// The graph so far.
  package var builder: GraphBuilder
  /// What the file says that no graph holds, as texts: class names of a classifier under `classes`.
  package var metadata: [String: [String]] = [:]
  /// Values that no graph has, each with what it is: `a tensor of strings`. Nodes that take one are left out, and so
  /// are outputs, as long as another remains.
  package var unrepresented: [String: String] = [:]
  /// The texts of those among them that are constant vectors of strings, for conversions that take them.
  package var texts: [String: [String]] = [:]

  package init(builder: GraphBuilder) {
    self.builder = builder
  }
}

/// How an operator of a file becomes nodes of a graph, where that is more than taking the node over: another spelling
/// in an older opset, an operator that is written as several, one of `ai.onnx.ml`.
package protocol NodeImport: Sendable {
  static var operatorName: OperatorName { get }
  /// The versions of the domain in which the conversion applies.
  static var opsets: ClosedRange<Int> { get }
  /// Adds nodes that make the node's outputs, under their names.
  ///
  /// - Throws: `GraphError` that names the node.
  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws
  /// Whether constant strings may be among the inputs; elsewhere a node that takes some is left out.
  static var takesTexts: Bool { get }
}

extension NodeImport {
  package static var takesTexts: Bool { false }
}
