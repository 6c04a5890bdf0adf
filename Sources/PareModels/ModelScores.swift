import PareGraph

/// What a model says of a row before anything is decided: which value holds it, and how it is to be read.
public struct ModelScores: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// `[batch, K]` with a number per class, of which a softmax makes probabilities.
    case classes
    /// One number or several per row that stand for themselves: an expected return, a forecast.
    case numbers
    /// A number for each symbol of each step of a panel, `[batch, steps, symbols]`, by which the symbols of a step are ordered. Beside the
    /// features stands an input `mask` of the same shape that says which symbols are there.
    case panel
  }

  /// The value's name.
  public let value: String
  public let kind: Kind
  /// How a row's numbers are arranged, as `[K]`.
  public let rowDimensions: [Dimension]

  package init(value: String, kind: Kind, rowDimensions: [Dimension]) {
    self.value = value
    self.kind = kind
    self.rowDimensions = rowDimensions
  }
}

extension Graph {
  /// Finds the scores: the value of that name, else `logits`, else the only output of Float32 with a row per row.
  ///
  /// Behind a softmax over the last axis stand the logits that it takes; an Identity is looked through. Scores `[batch, K]`
  /// with `K > 1` count as classes where they are asked for as such or nothing else is said.
  ///
  /// - Parameter kind: what they have to be; nil to go by their shape.
  /// - Throws: `graph.scores` that lists the outputs where none or several could be meant.
  public func scores(named name: String? = nil, as kind: ModelScores.Kind? = nil) throws -> ModelScores {
    let types = try inferredTypes()
    let found = try name ?? (types["logits"] != nil ? "logits" : onlyScore(types))
    guard let type = types[found] else {
      throw GraphError("scores", subject: "model '\(self.name)'", expected: "a value '\(found)'", found: "none of that name")
    }
    if type.rank == 3, kind == nil || kind == .panel, inputs.contains(where: { $0.name == Graph.panelMask && $0.type == type }) {
      return ModelScores(value: found, kind: .panel, rowDimensions: Array(type.dimensions.dropFirst()))
    }
    let isClasses = type.rank == 2 && type.dimensions[1] != 1 && kind != .numbers
    guard type.elementType == .float32, type.rank >= 1, isClasses || kind != .classes else {
      throw GraphError(
        "scores", subject: "value '\(found)'",
        expected: kind == .classes ? "float32[batch, classes]" : "float32 with a row per row", found: "\(type)")
    }
    return ModelScores(
      value: isClasses ? beforeSoftmax(found) : found, kind: isClasses ? .classes : .numbers,
      rowDimensions: Array(type.dimensions.dropFirst()))
  }

  /// The input of a graph over panels that says which symbols are there.
  package static let panelMask = "mask"

  private func onlyScore(_ types: [String: ValueType]) throws -> String {
    let candidates = outputs.filter { $0.type.elementType == .float32 && $0.type.rank >= 1 && $0.name != "normalized" }
    guard candidates.count == 1 else {
      throw GraphError(
        "scores", subject: "model '\(name)'", expected: "one output of float32, or its name",
        found: outputs.map { "\($0.name): \($0.type)" }.joined(separator: ", "))
    }
    return candidates[0].name
  }

  private func beforeSoftmax(_ value: String) -> String {
    var value = value
    while let node = producer(of: value) {
      switch node.operatorName {
      case "Identity": value = node.inputs[0]
      case "Softmax", "LogSoftmax":
        let axis = (try? node.int("axis", default: -1)) ?? -1
        return axis == -1 || axis == 1 ? node.inputs[0] : value
      default: return value
      }
    }
    return value
  }
}
