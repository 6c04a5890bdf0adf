import PareTensor

/// The name of an operator: ONNX's own domain is written as nothing, Pare's as `pare`.
public struct OperatorName: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
  public var domain: String
  public var type: String

  public init(_ type: String, domain: String = "") {
    self.type = type
    self.domain = domain
  }

  /// `"Gemm"` or `"pare.Decide"`.
  public init(stringLiteral name: String) {
    self.init(parsing: name)
  }

  /// Splits at the last dot: what is before it is the domain.
  public init(parsing name: String) {
    if let dot = name.lastIndex(of: ".") {
      self.init(String(name[name.index(after: dot)...]), domain: String(name[..<dot]))
    } else {
      self.init(name)
    }
  }

  public var description: String { domain.isEmpty ? type : "\(domain).\(type)" }
}

/// An attribute of a node, over the kinds that ONNX has.
public enum Attribute: Sendable, Hashable {
  case int(Int)
  case float(Double)
  case string(String)
  case ints([Int])
  case floats([Double])
  case strings([String])
}

/// One use of an operator in a graph.
public struct Node: Sendable, Hashable {
  /// Unique in its graph.
  public var name: String
  public var operatorName: OperatorName
  /// Names of values; an empty name stands for an optional input that is not given.
  public var inputs: [String]
  public var outputs: [String]
  public var attributes: [String: Attribute]

  public init(
    _ operatorName: OperatorName, name: String, inputs: [String], outputs: [String],
    attributes: [String: Attribute] = [:]
  ) {
    self.operatorName = operatorName
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// The input's name, or nil where it is not given.
  public func input(_ index: Int) -> String? {
    index < inputs.count && !inputs[index].isEmpty ? inputs[index] : nil
  }

  public func int(_ attribute: String, default value: Int) throws(GraphError) -> Int {
    switch attributes[attribute] {
    case nil: return value
    case .int(let given): return given
    case let other?: throw wrongKind(attribute, "an integer", other)
    }
  }

  public func float(_ attribute: String, default value: Double) throws(GraphError) -> Double {
    switch attributes[attribute] {
    case nil: return value
    case .float(let given): return given
    case .int(let given): return Double(given)
    case let other?: throw wrongKind(attribute, "a number", other)
    }
  }

  public func string(_ attribute: String, default value: String) throws(GraphError) -> String {
    switch attributes[attribute] {
    case nil: return value
    case .string(let given): return given
    case let other?: throw wrongKind(attribute, "a string", other)
    }
  }

  public func ints(_ attribute: String) throws(GraphError) -> [Int]? {
    switch attributes[attribute] {
    case nil: return nil
    case .ints(let given): return given
    case .floats(let given) where given.isEmpty: return []
    case let other?: throw wrongKind(attribute, "integers", other)
    }
  }

  private func wrongKind(_ attribute: String, _ expected: String, _ found: Attribute) -> GraphError {
    GraphError("attribute-kind", node: self, expected: "attribute '\(attribute)' to be \(expected)", found: "\(found)")
  }
}
