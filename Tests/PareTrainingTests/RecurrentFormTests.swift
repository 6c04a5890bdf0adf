import CRuntimeCounters
import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// The fast forms of recurrent layers: each step against the equations in Float64, gradients against the reference.
struct RecurrentFormTests {
  static let samples = ["LSTM", "GRU"].flatMap { layer in
    [
      RecurrentFormSample(layer: layer),
      RecurrentFormSample(layer: layer, direction: "reverse", hasBias: false, hasStates: true),
      RecurrentFormSample(layer: layer, direction: "bidirectional", isBatchFirst: true, hasStates: true),
      RecurrentFormSample(layer: layer, direction: "bidirectional", hasStates: true, lengths: [6, 0, 1, 5, 6, 2, 3]),
      RecurrentFormSample(layer: layer, direction: "reverse", isBatchFirst: true, lengths: [6, 3, 1, 5, 0, 2, 3]),
      RecurrentFormSample(layer: layer, hasStates: true, hidden: 32, features: 16),
    ]
  }

  @Test(arguments: samples)
  func everyStepIsWithinItsBoundOfTheEquations(sample: RecurrentFormSample) throws {
    let (node, inputs) = (sample.tracedNode, sample.inputs)
    let outputs = try Self.run(node, inputs, fast: true)
    // A layer that nobody differentiates yields the same bits.
    var plain = node
    plain.operatorName = OperatorName(sample.layer)
    plain.outputs.removeLast()
    let untraced = try Self.run(plain, inputs, fast: true)
    for name in plain.outputs { #expect(untraced[name] == outputs[name], "\(name)") }

    let y = try #require(outputs["y"]).doubles
    for d in 0..<sample.directions {
      for b in 0..<sample.batch {
        let length = sample.lengths.map { Int($0[b]) } ?? sample.steps
        var h = sample.initialState("h", d, b)
        var c = sample.initialState("c", d, b)
        for index in 0..<length {
          let t = sample.isReversed(d) ? length - 1 - index : index
          let step = sample.step(d, t, b, h: h, c: c)
          let found = sample.row(of: y, d, t, b)
          for unit in 0..<sample.hidden {
            #expect(abs(found[unit] - step.h[unit].value) <= step.h[unit].error, "d \(d) b \(b) t \(t) unit \(unit)")
          }
          h = found
          if sample.layer == "LSTM" {
            let cell = sample.traceRow(try #require(outputs["trace"]).doubles, d, t, b, slot: 4)
            for unit in 0..<sample.hidden {
              #expect(abs(cell[unit] - step.c[unit].value) <= step.c[unit].error, "cell: d \(d) b \(b) t \(t) unit \(unit)")
            }
            c = cell
          }
        }
        for t in length..<sample.steps { #expect(sample.row(of: y, d, t, b).allSatisfy { $0 == 0 }) }
        let zeros = [Double](repeating: 0, count: sample.hidden)
        #expect(sample.stateRow(try #require(outputs["last.h"]).doubles, d, b) == (length > 0 ? h : zeros))
        if sample.layer == "LSTM" {
          #expect(sample.stateRow(try #require(outputs["last.c"]).doubles, d, b) == (length > 0 ? c : zeros))
        }
      }
    }
  }

  @Test(arguments: samples, [["y", "h", "c"], ["y"], ["h"]])
  func gradientsAreWithinTheirBoundOfTheReference(sample: RecurrentFormSample, given: [String]) throws {
    var inputs = sample.inputs.merging(try Self.run(sample.tracedNode, sample.inputs, fast: true)) { $1 }
    let node = sample.gradientNode(given: given)
    for name in node.inputs where name.hasPrefix("d.") {
      let shape = try #require(inputs[name == "d.y" ? "y" : "last.h"]).shape
      inputs[name] = .draw(shape, seed: UInt64(name.utf8.reduce(0) { $0 + Int($1) }))
    }
    let found = try Self.run(node, inputs, fast: true)
    let expected = try Self.run(node, inputs, fast: false)
    // With every operand positive nothing cancels: the sums of the magnitudes. The gate n of a GRU enters as h − n.
    var magnitudes = inputs.mapValues { tensor in
      tensor.elementType == .float32 ? Tensor(tensor.values(as: Float.self).map(abs), shape: tensor.shape) : tensor
    }
    if sample.layer == "GRU" {
      let trace = try #require(magnitudes["trace"])
      let signed = trace.values(as: Float.self).enumerated().map { index, value in
        index / sample.hidden % 4 == 2 ? -value : value
      }
      magnitudes["trace"] = Tensor(signed, shape: trace.shape)
    }
    let sums = try Self.run(node, magnitudes, fast: false)
    // The slope 1 − v² of a tanh carries the error of v and of the square, relative to what is left of it.
    let trace = try #require(inputs["trace"]).doubles
    let steepest = trace.enumerated().map { index, value in
      let slot = index / sample.hidden % (sample.gateCount + 1)
      let isTanh = sample.layer == "LSTM" ? slot >= 3 : slot == 2
      let v = slot == 4 && sample.layer == "LSTM" ? tanh(value) : value
      return isTanh ? 1 / (1 - v * v) : 1
    }.max() ?? 1
    try #require(steepest < 30, "a saturated sample says nothing")
    let depth = Double(sample.gateCount * sample.hidden)
    let roundings = Double(sample.steps) * (depth + 18 + 10 * steepest) + Double(sample.batch * sample.steps) + depth
    let bound = roundings * 0x1p-24 / (1 - roundings * 0x1p-24)
    for name in node.outputs {
      let (found, expected, sums) = try (#require(found[name]), #require(expected[name]), #require(sums[name]))
      for index in 0..<found.elementCount {
        let error = abs(found.doubles[index] - expected.doubles[index])
        guard error > bound * sums.doubles[index] + 0x1p-126 else { continue }
        Issue.record("\(name)[\(index)]: \(found.doubles[index]), \(expected.doubles[index])")
        break
      }
    }
  }

  /// A graph of one node, in the batch executor or by the reference in Float64.
  static func run(_ node: Node, _ values: [String: Tensor], fast: Bool) throws -> [String: Tensor] {
    var graph = Graph(name: "single")
    let inputs = values.filter { node.inputs.contains($0.key) }
    graph.inputs = inputs.keys.sorted().compactMap { name in inputs[name].map { ValueInfo(name, ValueType($0)) } }
    graph.nodes = [node]
    if !fast { return try ReferenceEvaluator(graph, precision: .float64, outputs: node.outputs).run(inputs) }
    let executor = try BatchExecutor(graph, outputs: node.outputs)
    #expect(executor.referenceNodes.isEmpty)
    return try executor.run(inputs)
  }

  @Test(arguments: [
    ("LSTM", "clip", Attribute.float(1)), ("LSTM", "input_forget", .int(1)), ("GRU", "linear_before_reset", .int(0)),
    ("LSTM", "activations", .strings(["Sigmoid", "Relu", "Tanh"])),
  ])
  func otherFormsAreLeftToTheReference(layer: String, attribute: String, value: Attribute) throws {
    let sample = RecurrentFormSample(layer: layer)
    var node = sample.tracedNode
    node.attributes[attribute] = value
    var graph = Graph(name: "single")
    graph.inputs = sample.inputs.keys.sorted().compactMap { name in sample.inputs[name].map { ValueInfo(name, ValueType($0)) } }
    graph.nodes = [node]
    #expect(try BatchExecutor(graph, outputs: node.outputs).referenceNodes == ["subject"])
  }

  @Test func aLengthBeyondTheStepsIsRefused() throws {
    for bad in [Int32(7), -1, .max, .min] {
      let sample = RecurrentFormSample(layer: "LSTM", lengths: [6, 6, 6, bad, 6, 6, 6])
      #expect(throws: GraphError.self) { try Self.run(sample.tracedNode, sample.inputs, fast: true) }
      #expect(throws: GraphError.self) { try Self.run(sample.tracedNode, sample.inputs, fast: false) }
    }
  }
}

/// What differentiation makes of recurrent networks, and training of that.
struct RecurrentTrainingTests {
  @Test func layersBeforeSomethingTrainableKeepWhatTheirGradientReads() throws {
    for layer in ["LSTM", "GRU"] {
      var builder = try GraphBuilder(SampleNetworks.recurrent(OperatorName(layer), hidden: [4, 4], steps: 3, features: 2))
      let loss = try CrossEntropy().append(to: &builder)
      let names = try Differentiation(of: loss, in: builder.graph).graph.nodes.map { $0.operatorName.description }
      #expect(names.count { $0 == "pare.Traced\(layer)" } == 2 && names.count { $0 == "pare.\(layer)Gradient" } == 2)
      #expect(!names.contains(layer))
      // Where nothing wanted lies before them they stay as they are.
      let dense = try Differentiation(of: loss, in: builder.graph, by: ["dense.weight"]).graph.nodes
      #expect(dense.count { $0.operatorName.description == layer } == 2)
      #expect(!dense.contains { $0.operatorName.domain == "pare" && $0.operatorName.type.contains(layer) })
    }
  }

  @Test(arguments: ["LSTM", "GRU", "RNN"])
  func trainingLowersTheLossAndAllocatesNothing(layer: String) throws {
    let (rows, steps, features) = (96, 8, 3)
    var generator = SeededGenerator(seed: 5)
    let values = (0..<rows * steps * features).map { _ in Float(generator.normal()) }
    // Which feature has the largest sum over time.
    let labels = (0..<rows).map { row in
      let sums = (0..<features).map { f in (0..<steps).reduce(Float(0)) { $0 + values[(row * steps + $1) * features + f] } }
      return Int64(sums.firstIndex(of: sums.max() ?? 0) ?? 0)
    }
    let data = try TrainingData([
      "features": Tensor(values, shape: [rows, steps, features]), "labels": Tensor(labels),
    ])
    var builder = try GraphBuilder(
      SampleNetworks.recurrent(OperatorName(layer), hidden: [12, 8], steps: steps, features: features))
    let loss = try CrossEntropy().append(to: &builder)
    let step = try TrainingStep(
      builder.graph, loss: loss, data: data, settings: TrainingSettings(batchSize: rows, optimizer: .adam(learningRate: 0.02)))
    let order = Array(0..<rows)
    try order.withUnsafeBufferPointer { order in
      let first = try step.run(rows: order)
      if pare_runtime_counters_available() == 1 { pare_runtime_counters_reset() }
      var last = first
      for _ in 0..<50 { last = try step.run(rows: order) }
      if pare_runtime_counters_available() == 1 { #expect(pare_runtime_counters_read().allocations == 0) }
      #expect(last < first * 0.7, "from \(first) to \(last)")
    }
  }
}
