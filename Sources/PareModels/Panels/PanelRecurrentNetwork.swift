import PareGraph

/// LSTM or GRU layers along the steps of each symbol, the same for all, and a dense layer on each state.
public struct PanelRecurrentNetwork: PanelNetwork, Hashable, Codable {
  public var shape: PanelShape
  public var cell: RecurrentNetwork.Cell
  /// Units of each layer.
  public var hidden: [Int]

  public init(_ shape: PanelShape, _ cell: RecurrentNetwork.Cell, hidden: [Int]) {
    (self.shape, self.cell, self.hidden) = (shape, cell, hidden)
  }

  public func graph(seed: UInt64, name: String? = nil) throws -> Graph {
    let settings = ArchitectureSettings(cell.rawValue)
    try shape.validate(settings)
    try settings.check("layers", hidden.count, in: 1...64)
    for units in hidden { try settings.check("hidden", units, in: 1...8192) }
    var sketch = PanelSketch(shape, seed: seed, architecture: cell.rawValue, name: name)
    let states = try sketch.states(sketch.rows(), cell: cell, hidden: hidden)
    try sketch.score(states, width: hidden[hidden.count - 1])
    return sketch.builder.graph
  }
}

extension PanelSketch {
  /// The states of recurrent layers along the steps of each symbol: `[batch, steps, symbols, width]` → `[…, units]`.
  ///
  /// - Throws: `graph.architecture` where the number of symbols is open.
  mutating func states(_ rows: String, cell: RecurrentNetwork.Cell, hidden: [Int]) throws -> String {
    guard let symbols = shape.symbols else {
      throw ArchitectureSettings(architecture).error("symbols", expected: "a number", found: "any")
    }
    var value = try builder.apply("Transpose", [rows], attributes: ["perm": .ints([1, 0, 2, 3])], name: "steps")
    value = try builder.reshape(value, [0, -1, shape.inputs], name: "steps.rows")
    var units = shape.inputs
    for (index, width) in hidden.enumerated() {
      let layer = RecurrentLayer(cell: cell, inputs: units, units: width, seed: seed, architecture: architecture, index: index)
      value = try layer.states(layer.append(value, to: &builder), &builder)
      units = width
    }
    value = try builder.reshape(value, [0, -1, symbols, units], name: "states.symbols")
    return try builder.apply("Transpose", [value], attributes: ["perm": .ints([1, 0, 2, 3])], name: "states")
  }
}
