import PareGraph
import PareTensor

extension OperatorCases {
  static let recurrent: [OperatorCase] = layers + layerGradients

  private static let layers: [OperatorCase] =
    (["LSTM", "pare.TracedLSTM"] as [OperatorName]).flatMap { name in
      [
        RecurrentSample(.lstm).layer(name, "", outputs: 3),
        RecurrentSample(.lstm, hasBias: false).layer(name, "without bias, Y alone"),
        RecurrentSample(.lstm, direction: "reverse", hasStates: true).layer(name, "reverse, with states", outputs: 3),
        RecurrentSample(.lstm, direction: "bidirectional", hasStates: true, hasPeepholes: true, lengths: [3, 1])
          .layer(name, "both ways, peepholes, lengths", outputs: 3),
        RecurrentSample(.lstm, direction: "bidirectional", isBatchFirst: true, hasStates: true, lengths: [0, 2])
          .layer(name, "both ways, batch first, lengths", outputs: 3),
      ]
    } + [
      RecurrentSample(.lstm, hasStates: true, hasPeepholes: true).layer(
        "LSTM", "coupled and clipped", ["input_forget": .int(1), "clip": .float(0.7)], outputs: 3),
      RecurrentSample(.lstm, hasStates: true).layer(
        "LSTM", "other activations",
        [
          "activations": .strings(["HardSigmoid", "ScaledTanh", "Softsign"]), "activation_alpha": .floats([0.25, 0.75]),
          "activation_beta": .floats([0.5, 0.5]),
        ], outputs: 3),
    ]
    + (["GRU", "pare.TracedGRU"] as [OperatorName]).flatMap { name in
      [0, 1].flatMap { linear in
        let (word, attributes) = (linear == 1 ? "linear before reset" : "reset first", ["linear_before_reset": Attribute.int(linear)])
        return [
          RecurrentSample(.gru).layer(name, word, attributes, outputs: 2),
          RecurrentSample(.gru, direction: "reverse", hasBias: false, hasStates: true)
            .layer(name, "\(word), reverse, no bias", attributes, outputs: 2),
          RecurrentSample(.gru, direction: "bidirectional", isBatchFirst: true, hasStates: true, lengths: [3, 1])
            .layer(name, "\(word), both ways, batch first, lengths", attributes, outputs: 2),
        ]
      }
    } + [
      RecurrentSample(.gru, hasStates: true).layer(
        "GRU", "clipped, other activations",
        ["activations": .strings(["HardSigmoid", "Softplus"]), "clip": .float(0.9)], outputs: 2),
      RecurrentSample(.rnn).layer("RNN", "", outputs: 2),
      RecurrentSample(.rnn, direction: "bidirectional", isBatchFirst: true, hasStates: true, lengths: [2, 3]).layer(
        "RNN", "both ways, batch first, lengths", ["activations": .strings(["Tanh", "Relu"])], outputs: 2),
      RecurrentSample(.rnn, direction: "reverse", hasBias: false).layer(
        "RNN", "of Elu, reverse, no bias", ["activations": .strings(["Elu"]), "activation_alpha": .floats([0.5])], outputs: 2),
    ]

  private static let layerGradients: [OperatorCase] = [
    RecurrentSample(.lstm, direction: "bidirectional", hasStates: true, hasPeepholes: true, lengths: [3, 2]).gradient(),
    RecurrentSample(.gru, isBatchFirst: true, hasStates: true).gradient(["linear_before_reset": .int(1)]),
    RecurrentSample(.gru, hasStates: true).gradient(),
    RecurrentSample(.rnn, direction: "reverse", hasStates: true).gradient(),
  ]
}

/// A small recurrent layer with its operands, all of magnitude 1 at most.
struct RecurrentSample {
  enum Kind: String {
    case lstm = "LSTM"
    case gru = "GRU"
    case rnn = "RNN"

    var gateCount: Int { self == .lstm ? 4 : self == .gru ? 3 : 1 }
    var stateCount: Int { self == .lstm ? 2 : 1 }
  }

  let kind: Kind
  let direction: String
  let isBatchFirst: Bool
  let hasPeepholes: Bool
  let operands: [OperatorCase.Operand]
  let steps = 3
  let batch = 2
  let features = 2
  let hidden = 3

  init(
    _ kind: Kind, direction: String = "forward", isBatchFirst: Bool = false, hasBias: Bool = true, hasStates: Bool = false,
    hasPeepholes: Bool = false, lengths: [Int32]? = nil
  ) {
    (self.kind, self.direction, self.isBatchFirst, self.hasPeepholes) = (kind, direction, isBatchFirst, hasPeepholes)
    let directions = direction == "bidirectional" ? 2 : 1
    let rows = kind.gateCount * hidden
    let state = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    var operands: [OperatorCase.Operand] = [
      .variable(.halfSample(Shape(isBatchFirst ? [batch, steps, features] : [steps, batch, features]), seed: 11)),
      .variable(.halfSample([directions, rows, features], seed: 12)),
      .variable(.halfSample([directions, rows, hidden], seed: 13)),
      hasBias ? .variable(.halfSample([directions, 2 * rows], seed: 14)) : .absent,
      lengths.map { .variable(Tensor($0)) } ?? .absent,
    ]
    for index in 0..<kind.stateCount {
      operands.append(hasStates ? .variable(.halfSample(Shape(state), seed: 15 + UInt64(index))) : .absent)
    }
    if kind == .lstm { operands.append(hasPeepholes ? .variable(.halfSample([directions, 3 * hidden], seed: 17)) : .absent) }
    self.operands = operands
  }

  func layer(
    _ name: OperatorName, _ variant: String, _ attributes: [String: Attribute] = [:], outputs: Int = 1
  ) -> OperatorCase {
    OperatorCase(name, variant, operands, self.attributes.merging(attributes) { $1 }, outputs: outputs, rounding: forwardRounding)
  }

  /// The gradient by every input, for a trace and outputs that are any numbers.
  func gradient(_ attributes: [String: Attribute] = [:]) -> OperatorCase {
    let directions = direction == "bidirectional" ? 2 : 1
    let sequence = isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
    let state = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    let traceCount = kind == .lstm ? 5 : attributes["linear_before_reset"] == .int(1) ? 4 : 3
    let trace = Tensor.halfSample(Shape([directions, steps, batch, traceCount * hidden]), seed: 22)
    let names = ["X", "W", "R", "B", "sequence_lens", "initial_h"] + (kind == .lstm ? ["initial_c", "P"] : [])
    let wanted = zip(names, operands).filter { name, operand in operand.tensor != nil && name != "sequence_lens" }.map(\.0)
    return OperatorCase(
      OperatorName("\(kind.rawValue)Gradient", domain: "pare"), attributes.isEmpty ? "" : "linear before reset",
      operands + [.variable(.halfSample(Shape(sequence), seed: 21)), kind == .rnn ? .absent : .variable(trace)]
        + [.variable(.halfSample(Shape(sequence), seed: 23))]
        + (0..<kind.stateCount).map { .variable(.halfSample(Shape(state), seed: 24 + UInt64($0))) },
      self.attributes.merging(attributes) { $1 }.merging(["by": .strings(wanted)]) { $1 }, outputs: wanted.count,
      rounding: backwardRounding)
  }

  private var attributes: [String: Attribute] {
    ["direction": .string(direction), "layout": .int(isBatchFirst ? 1 : 0), "hidden_size": .int(hidden)]
  }

  /// The rounding of a state, in units of u, step by step. No slope of an activation used here exceeds 1, that of the
  /// gates f is at most 1/4, and an activation itself rounds four times on values up to 4.
  private var forwardRounding: OperatorCase.Rounding {
    let (f, n) = (Double(features), Double(hidden))
    let largest = f + 2 * n + 2 + Double(steps + 1)  // of an argument, peephole included
    var (h, c) = (0.0, 0.0)
    for step in 1...steps {
      let cell = Double(step + 1)
      let argument = (f + n + 5) * largest + n * h + (hasPeepholes ? c : 0)
      let gate = argument / 4 + 16
      let value = argument + 16
      switch kind {
      case .lstm:
        // c' = k∘c + i∘q, then o, whose argument sees the new cell, and o∘h(c').
        c = c + cell * gate + 2 * gate + value + 3 * (cell + 2)
        h = gate + (hasPeepholes ? c / 4 : 0) + c + 16
      case .gru:
        // The hidden gate also sees the reset gate, times a linear part or a state and n weights.
        h = h + 6 * gate + value + max(largest, n) * gate + 24
      case .rnn:
        h = value
      }
    }
    return .init(1, upTo: max(h, c))
  }

  /// Every gradient is a sum over steps and sequences of products; what flows back through a step grows at most by the
  /// factors below, with no number above 1 in trace, weights and states, and each step rounds `roundings` times.
  private var backwardRounding: OperatorCase.Rounding {
    let (g, n) = (Double(kind.gateCount), Double(hidden))
    let roundings = steps * (4 * hidden + 16) + steps * batch * 2
    var (h, c, largest) = (1.0, 1.0, 0.0)
    for _ in 0..<steps {
      // By the cell 2·(h + c) with peepholes, coupled gates at most twice that; in a GRU h·2, and n of these by r∘h.
      let gate = kind == .lstm ? 4 * (h + c) : 2 * (n + 1) * h
      largest = max(largest, gate)
      c = kind == .lstm ? 4 * gate : 0
      h = 1 + h + g * n * gate
    }
    let sum = largest * max(Double(steps * batch), g * n) + h + c
    return .init(roundings, upTo: sum)
  }
}

extension Tensor {
  /// A `sample` at half its magnitude: at most 1.
  static func halfSample(_ shape: Shape, seed: UInt64) -> Tensor {
    Tensor(sample(shape, seed: seed).values(as: Float.self).map { $0 / 2 }, shape: shape)
  }
}
