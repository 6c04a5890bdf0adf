import PareGraph
import PareModels
import PareTensor
import Testing

/// What holds for every network over panels.
struct PanelNetworkTests {
  static let shape = PanelShape(steps: 5, symbols: 4, inputs: 3)

  struct Sample: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let network: any PanelNetwork

    init(_ name: String, _ network: any PanelNetwork) {
      (testDescription, self.network) = (name, network)
    }
  }

  static let samples: [Sample] = [
    Sample("linear", PanelPerceptron(shape)), Sample("mlp", PanelPerceptron(shape, hidden: [6, 4])),
    Sample("gru", PanelRecurrentNetwork(shape, .gru, hidden: [5])), Sample("lstm", PanelRecurrentNetwork(shape, .lstm, hidden: [4, 3])),
    Sample("transformer", PanelTransformer(shape, layers: 2, heads: 2, width: 8)),
    Sample("graph attention", PanelGraphNetwork(shape, .attention(hidden: [8, 4]), heads: 2)),
    Sample("temporal graph attention", PanelGraphNetwork(shape, .attention(hidden: [4]), heads: 2, memory: 5)),
    Sample("graph transformer", PanelGraphNetwork(shape, .transformer(layers: 1, width: 8), heads: 2)),
    Sample("s3g", StockStateSpaceGraph(shape, width: 6, rank: 3, states: 2)),
    Sample("compact s3g", StockStateSpaceGraph(shape, width: 6, rank: 3, states: 2, isCompact: true)),
    Sample("s3g without a graph", StockStateSpaceGraph(shape, width: 6, hasGraph: false)),
    Sample("s3g without a state space", StockStateSpaceGraph(shape, width: 6, rank: 3, hasStateSpace: false)),
  ]

  /// Features of two rows, with symbol 2 absent on some days.
  private static let features = Tensor(
    (0..<120).map { Float(($0 * 37 + 11) % 23) / 11 - 1 }, shape: [2, 5, 4, 3])
  private static let mask = Tensor((0..<40).map { Float($0 % 4 == 2 && $0 % 7 < 4 ? 0 : 1) }, shape: [2, 5, 4])

  private func scores(_ graph: Graph, _ features: Tensor = Self.features, _ mask: Tensor = Self.mask) throws -> [Double] {
    let evaluator = try ReferenceEvaluator(
      graph, binding: ["batch": features.shape[0], "steps": features.shape[1], "symbols": features.shape[2]], precision: .float64)
    let inputs = ["features": Tensor(features.doubles, shape: features.shape), "mask": Tensor(mask.doubles, shape: mask.shape)]
    return try #require(try evaluator.run(inputs)["scores"]).doubles
  }

  @Test(arguments: samples)
  func changingTheFutureLeavesThePastBitIdentical(_ sample: Sample) throws {
    let graph = try sample.network.graph(seed: 1, name: nil)
    var features = Self.features
    // Of both rows the steps 3 and 4.
    features.withUnsafeMutableElements(as: Float.self) { values in
      for index in values.indices where index / 12 % 5 >= 3 { values[index] = 5 - values[index] }
    }
    let (before, after) = (try scores(graph), try scores(graph, features))
    for index in before.indices where index / 4 % 5 < 3 { #expect(before[index] == after[index]) }
    #expect(before != after)
  }

  @Test(arguments: samples)
  func anAbsentSymbolReachesNobodyAndScoresZero(_ sample: Sample) throws {
    let graph = try sample.network.graph(seed: 2, name: nil)
    var features = Self.features
    let mask = Self.mask.values(as: Float.self)
    features.withUnsafeMutableElements(as: Float.self) { values in
      for index in values.indices where mask[index / 3] == 0 { values[index] = .nan }
    }
    let (before, after) = (try scores(graph), try scores(graph, features))
    #expect(before == after)
    for (score, mask) in zip(before, mask) where mask == 0 { #expect(score == 0) }
  }

  @Test(arguments: samples)
  func permutingSymbolsPermutesScores(_ sample: Sample) throws {
    let graph = try sample.network.graph(seed: 3, name: nil)
    let order = [2, 0, 3, 1]
    func permuted(_ tensor: Tensor, width: Int) -> Tensor {
      let values = tensor.values(as: Float.self)
      let moved = (0..<values.count).map { index in
        let (cell, column) = (index / width, index % width)
        return values[(cell / 4 * 4 + order[cell % 4]) * width + column]
      }
      return Tensor(moved, shape: tensor.shape)
    }
    let before = try scores(graph)
    let after = try scores(graph, permuted(Self.features, width: 3), permuted(Self.mask, width: 1))
    // Sums over symbols are taken in another order: some 50 roundings of numbers below 10 in Float64.
    for index in before.indices { #expect(abs(after[index] - before[index / 4 * 4 + order[index % 4]]) < 1e-13) }
  }

  @Test func aGraphOfS3GIsStochasticAndOfTheRankThatItSays() throws {
    let graph = try StockStateSpaceGraph(PanelShape(inputs: 3), width: 6, rank: 3, states: 2).graph(seed: 4)
    let evaluator = try ReferenceEvaluator(
      graph, binding: ["batch": 2, "steps": 5, "symbols": 4], precision: .float64, outputs: ["loading", "share"])
    let values = try evaluator.run([
      "features": Tensor(Self.features.doubles, shape: Self.features.shape), "mask": Tensor(Self.mask.doubles, shape: Self.mask.shape),
    ])
    let (loading, share) = (try #require(values["loading"]), try #require(values["share"]))
    #expect(loading.shape == [2, 5, 4, 3] && share.shape == [2, 5, 3, 4])
    let (p, q, mask) = (loading.doubles, share.doubles, Self.mask.values(as: Float.self))
    for day in 0..<10 {
      for i in 0..<4 {
        let row = (0..<4).map { j in (0..<3).reduce(0.0) { $0 + p[(day * 4 + i) * 3 + $1] * q[(day * 3 + $1) * 4 + j] } }
        #expect(abs(row.reduce(0, +) - 1) < 1e-12)
        for j in 0..<4 where mask[day * 4 + j] == 0 { #expect(row[j] == 0) }
      }
    }
  }

  @Test func theParametersOfS3GAreAsManyAsItSays() throws {
    let groups = SymbolMemberships(groups: [[0], [1], [0, 1], []], groupCount: 2)
    let networks = [
      StockStateSpaceGraph(PanelShape(inputs: 7), width: 6, rank: 3, states: 2), StockStateSpaceGraph(PanelShape(inputs: 7), hasGraph: false),
      StockStateSpaceGraph(PanelShape(inputs: 7), width: 5, hasStateSpace: false),
      StockStateSpaceGraph(PanelShape(inputs: 7), width: 6, rank: 3, states: 2, memory: 5, isCompact: true),
      StockStateSpaceGraph(PanelShape(inputs: 7), width: 6, memory: 0, hasGraph: false, isCompact: true),
      StockStateSpaceGraph(PanelShape(symbols: 4, inputs: 7), width: 8, identity: 3, groups: groups),
    ]
    for network in networks {
      let graph = try network.graph(seed: 5)
      let count = graph.parameters.values.filter(\.isTrainable).reduce(0) { $0 + $1.storage.shape.elementCount }
      #expect(count == network.parameterCount)
    }
  }

  @Test func settingsOutOfRangeAreRefusedByName() throws {
    func message(_ network: any PanelNetwork) -> String {
      do {
        _ = try network.graph(seed: 1, name: nil)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(message(StockStateSpaceGraph(PanelShape(inputs: 0))).contains("s3g: inputs"))
    #expect(message(StockStateSpaceGraph(PanelShape(inputs: 1), rank: 0)).contains("s3g: rank"))
    #expect(message(StockStateSpaceGraph(PanelShape(inputs: 1), identity: 2)).contains("s3g: symbols: expected a number"))
    let groups = SymbolMemberships(groups: [[0], [2]], groupCount: 2)
    #expect(message(StockStateSpaceGraph(PanelShape(symbols: 2, inputs: 1), groups: groups)).contains("groups[1]: expected places in 0 ..< 2"))
    #expect(
      message(StockStateSpaceGraph(PanelShape(symbols: 2, inputs: 1), groups: SymbolMemberships(groups: [[0], [0]], groupCount: 1), isCompact: true))
        .contains("compact: expected a form without groups"))
    #expect(message(PanelTransformer(PanelShape(inputs: 1))).contains("transformer: steps: expected a number"))
    #expect(message(PanelGraphNetwork(Self.shape, .attention(hidden: [6]), heads: 4)).contains("heads"))
    #expect(message(PanelRecurrentNetwork(Self.shape, .gru, hidden: [])).contains("gru: layers"))
  }
}
