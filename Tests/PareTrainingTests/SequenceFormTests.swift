import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

/// The sequence form of recurrent graphs, against the windows that they were made of.
struct SequenceFormTests {
  static let layers: [OperatorName] = ["LSTM", "GRU", "RNN"]

  @Test(arguments: layers) func everyStepIsTheAnswerOfTheWindowUpToIt(layer: OperatorName) throws {
    let form = try SequenceForm(SampleNetworks.recurrent(layer, hidden: [4, 5], steps: 9, features: 2), streams: 2, steps: 6)
    let features = Tensor.normal([2, 6, 2], seed: 1)
    let results = try ReferenceEvaluator(form.graph, precision: .float64, outputs: ["logits", form.states])
      .run(["features": features, SequenceForm.resets: Tensor([Float(1), 1])])
    let logits = try #require(results["logits"])
    #expect(logits.shape == [12, 3] && results[form.states]?.shape == [2, 6, 5])
    for stream in 0..<2 {
      for step in 0..<6 {
        let window = try SampleNetworks.recurrent(layer, hidden: [4, 5], steps: step + 1, features: 2)
        let rows = Array(features.values(as: Float.self)[stream * 12..<stream * 12 + (step + 1) * 2])
        let expected = try #require(
          ReferenceEvaluator(window, binding: ["batch": 1], precision: .float64)
            .run(["features": Tensor(rows, shape: [1, step + 1, 2])])["logits"]
        ).doubles
        let place = (stream * 6 + step) * 3
        for (found, expected) in zip(logits.doubles[place..<place + 3], expected) { #expect(abs(found - expected) < 1e-12) }
      }
    }
  }

  @Test func aGatherOfTheLastStepIsTakenToo() throws {
    var window = try SampleNetworks.recurrent("GRU", hidden: [4], steps: 9, features: 2)
    // The dense layer reads the squeezed states at −1 instead of the last state.
    let states = try #require(window.nodes.first { $0.operatorName == "Squeeze" && $0.inputs[0] == "y0" }).outputs[0]
    let index = try #require(window.nodes.firstIndex { $0.operatorName == "Squeeze" && $0.inputs[0] == "h0" })
    window.parameters["last"] = Parameter(ParameterStorage(Tensor(scalar: Int64(-1))), isTrainable: false)
    let plain = try SequenceForm(window, streams: 1, steps: 5).graph
    window.nodes[index] = Node(
      "Gather", name: "last", inputs: [states, "last"], outputs: window.nodes[index].outputs, attributes: ["axis": .int(0)])
    let gathered = try SequenceForm(window, streams: 1, steps: 5).graph
    let inputs = ["features": Tensor.normal([1, 5, 2], seed: 2), SequenceForm.resets: Tensor([Float(1)])]
    let results = try [plain, gathered].map { try ReferenceEvaluator($0).run(inputs)["logits"] }
    #expect(results[0] == results[1] && results[0]?.shape == [5, 3])
  }

  @Test func outputsKeepTheirNamesAndWhatMixesStepsIsRefused() throws {
    let window = try SampleNetworks.recurrent("LSTM", hidden: [4], steps: 9, features: 2)
    let form = try SequenceForm(window, streams: 3, steps: 5)
    #expect(form.graph.outputs == [ValueInfo("logits", ValueType(.float32, [15, 3]))])
    #expect(window.parameters.allSatisfy { form.graph.parameters[$0.key] == $0.value })
    func refused(_ change: (inout Graph) throws -> Void) throws -> String {
      var graph = window
      try change(&graph)
      do {
        _ = try SequenceForm(graph, streams: 1, steps: 5)
        return "none"
      } catch let error as TrainingError { return error.description }
    }
    let layer = try #require(window.nodes.firstIndex { $0.operatorName == "LSTM" })
    #expect(try refused { $0.nodes[layer].attributes["direction"] = .string("reverse") }.contains("'layer0'"))
    #expect(try refused { $0.outputs = [ValueInfo("y0", ValueType(.float32, [9, 1, "batch", 4]))] }.contains("every step"))
    #expect(try refused { $0 = try SampleNetworks.dense([4, 3]) }.contains("one input [batch, steps, features]"))
    let soft = Node("Softmax", name: "mix", inputs: ["features"], outputs: ["mixed"], attributes: ["axis": .int(1)])
    #expect(try refused { $0.nodes.insert(soft, at: 0) }.contains("'mix'"))
    #expect(throws: TrainingError.self) { try SequenceForm(window, streams: 1, steps: 1) }
  }

  /// A student that was trained on a series is deployed with its window's graph.
  @Test(arguments: ["LSTM", "GRU"] as [OperatorName]) func aStreamAnswersAsTheStudentDidInTraining(layer: OperatorName) throws {
    let window = try SampleNetworks.recurrent(layer, hidden: [4, 5], steps: 7, features: 2)
    let (rows, labels) = (Tensor.normal([48, 2], seed: 3), Tensor((0..<48).map { Int64($0 % 3) }))
    let series = try SequenceData(TrainingData(["features": rows, "labels": labels]))
    let trainer = SequenceTrainer(
      TrainingSettings(epochs: 4, optimizer: .adam(learningRate: 0.02), patience: nil),
      sequence: SequenceSettings(steps: 8, streams: 2))
    let student = try trainer.train(window, loss: CrossEntropy(), on: series).graph
    #expect(student.nodes == window.nodes && student.parameters.keys == window.parameters.keys)
    #expect(student.parameters["r0"] != window.parameters["r0"])

    let form = try SequenceForm(student, streams: 1, steps: 48)
    let batch = try #require(
      BatchExecutor(form.graph, outputs: ["logits"])
        .run(["features": Tensor(rows.values(as: Float.self), shape: [1, 48, 2]), SequenceForm.resets: Tensor([Float(1)])])["logits"]
    ).doubles
    let stream = try SequencePlan(student, outputs: ["logits"]).makeStreamingContext()
    let values = rows.values(as: Float.self)
    for row in 0..<48 {
      try values.withUnsafeBufferPointer { _ = try stream.run(row: #require($0.baseAddress) + row * 2) }
      let answer = try #require(stream.output("logits", as: Float.self)).map(Double.init)
      for (found, expected) in zip(answer, batch[row * 3..<row * 3 + 3]) { #expect(abs(found - expected) < 1e-5, "row \(row)") }
    }
    // The loss that the trainer states is that of the stream.
    let stated = try trainer.loss(of: student, by: CrossEntropy(), on: series)
    let whole = try SequenceTrainer(trainer.settings, sequence: SequenceSettings(steps: 48, streams: 1))
      .loss(of: student, by: CrossEntropy(), on: series)
    #expect(abs(stated - whole) < 1e-6)
  }
}
