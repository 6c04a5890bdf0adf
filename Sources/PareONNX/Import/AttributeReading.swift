import Foundation
import PareGraph
import PareTensor

/// The attributes of a node, sorted by what a graph can hold of them.
struct AttributeReading {
  private(set) var values: [String: Attribute] = [:]
  private(set) var tensors: [String: Tensor] = [:]
  private(set) var graphs: [String: WireGraph] = [:]
  /// Tensors of strings and the like, which no graph has: name and what they are.
  private(set) var unrepresented: [String: String] = [:]

  /// - Parameters:
  ///   - environment: the attributes of the call whose function the node stands in.
  /// - Throws: `graph.attribute`, or what reading a tensor throws.
  init(_ node: WireNode, environment: [String: WireAttribute], reading: TensorReading) throws {
    let outline = node.outline
    var names: Set<String> = []
    for written in node.attributes {
      var attribute = written
      if !written.reference.isEmpty {
        guard let given = environment[written.reference] else { continue }
        attribute = given
        attribute.name = written.name
      }
      let name = attribute.name
      guard !name.isEmpty, names.insert(name).inserted else {
        throw GraphError("attribute", node: outline, expected: "attributes with names used once", found: quoted(name))
      }
      func refused(_ found: String) -> GraphError {
        GraphError("attribute", node: outline, expected: "attribute \(quoted(name)) to be numbers, texts or a tensor", found: found)
      }
      func text(_ data: Data) throws -> String {
        guard let text = String(validating: data, as: UTF8.self) else { throw refused("bytes that are no UTF-8") }
        return text
      }
      switch attribute.kind {
      case .float: values[name] = .float(Double(attribute.float))
      case .int: values[name] = .int(Int(attribute.int))
      case .string: values[name] = .string(try text(attribute.string))
      case .floats: values[name] = .floats(attribute.floats.map { Double($0) })
      case .ints: values[name] = .ints(attribute.ints.map { Int($0) })
      case .strings: values[name] = .strings(try attribute.strings.map(text))
      case .tensor where attribute.tensor.elementType == 8: unrepresented[name] = "a tensor of strings"
      case .tensor: tensors[name] = try reading.read(attribute.tensor, of: "attribute \(quoted(name)) of node '\(outline.name)'")
      case .graph: graphs[name] = attribute.graph
      case .undefined: throw refused("an attribute without a kind")
      case .tensors: throw refused("tensors")
      case .graphs: throw refused("graphs")
      case .sparseTensor, .sparseTensors: throw refused("a sparse tensor")
      case .type, .types: throw refused("a type")
      }
    }
  }
}
