import Foundation
import PareGraph
import PareTensor
import Testing

/// A number in Float64 and how far a Float32 computation of it may be.
struct BoundedNumber {
  var value: Double
  var error: Double
}

/// A recurrent layer with operands, the equations of one of its steps, and where its rows lie.
struct RecurrentFormSample: Sendable, CustomTestStringConvertible {
  var layer: String
  var direction = "forward"
  var isBatchFirst = false
  var hasBias = true
  var hasStates = false
  var lengths: [Int32]?
  var hidden = 17
  var features = 5

  let steps = 6
  let batch = 7

  var testDescription: String {
    var words = [layer, direction, "\(features) to \(hidden)"]
    if isBatchFirst { words.append("batch first") }
    if !hasBias { words.append("no bias") }
    if hasStates { words.append("states") }
    if lengths != nil { words.append("lengths") }
    return words.joined(separator: ", ")
  }

  var gateCount: Int { layer == "LSTM" ? 4 : 3 }
  var directions: Int { direction == "bidirectional" ? 2 : 1 }
  func isReversed(_ d: Int) -> Bool { direction == "reverse" || d == 1 }

  private var stateShape: Shape { Shape(isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]) }

  var inputs: [String: Tensor] {
    let rows = gateCount * hidden
    var inputs: [String: Tensor] = [
      "x": .draw(Shape(isBatchFirst ? [batch, steps, features] : [steps, batch, features]), seed: 1),
      "w": .draw([directions, rows, features], seed: 2, scale: 0.4 / Double(features).squareRoot()),
      "r": .draw([directions, rows, hidden], seed: 3, scale: 0.5 / Double(hidden).squareRoot()),
    ]
    if hasBias { inputs["b"] = .draw([directions, 2 * rows], seed: 4, scale: 0.3) }
    if let lengths { inputs["lengths"] = Tensor(lengths) }
    if hasStates {
      inputs["h"] = .draw(stateShape, seed: 5, scale: 0.5)
      if layer == "LSTM" { inputs["c"] = .draw(stateShape, seed: 6, scale: 0.5) }
    }
    return inputs
  }

  private var layerInputs: [String] {
    ["x", "w", "r", hasBias ? "b" : "", lengths == nil ? "" : "lengths", hasStates ? "h" : ""]
      + (layer == "LSTM" ? [hasStates ? "c" : "", ""] : [])
  }

  private var attributes: [String: Attribute] {
    var attributes: [String: Attribute] = [
      "hidden_size": .int(hidden), "direction": .string(direction), "layout": .int(isBatchFirst ? 1 : 0),
    ]
    if layer == "GRU" { attributes["linear_before_reset"] = .int(1) }
    return attributes
  }

  var tracedNode: Node {
    Node(
      OperatorName("Traced" + layer, domain: "pare"), name: "subject", inputs: layerInputs,
      outputs: ["y", "last.h"] + (layer == "LSTM" ? ["last.c"] : []) + ["trace"], attributes: attributes)
  }

  /// The gradient by everything, for gradients by Y (`y`) and the last states (`h`, `c`).
  func gradientNode(given: [String]) -> Node {
    var attributes = attributes
    let names = [("x", "X"), ("w", "W"), ("r", "R"), ("b", "B"), ("h", "initial_h"), ("c", "initial_c")]
      .filter { layerInputs.contains($0.0) }
    attributes["by"] = .strings(names.map(\.1))
    let byOutputs = ["y", "h"] + (layer == "LSTM" ? ["c"] : [])
    return Node(
      OperatorName("\(layer)Gradient", domain: "pare"), name: "subject",
      inputs: layerInputs + ["y", "trace"] + byOutputs.map { given.contains($0) ? "d.\($0)" : "" },
      outputs: names.map { "by.\($0.0)" }, attributes: attributes)
  }

  // MARK: - Rows

  func row(of y: [Double], _ d: Int, _ t: Int, _ b: Int) -> [Double] {
    let row = isBatchFirst ? (b * steps + t) * directions + d : (t * directions + d) * batch + b
    return Array(y[row * hidden..<(row + 1) * hidden])
  }

  func traceRow(_ trace: [Double], _ d: Int, _ t: Int, _ b: Int, slot: Int) -> [Double] {
    let start = (((d * steps + t) * batch + b) * (layer == "LSTM" ? 5 : 4) + slot) * hidden
    return Array(trace[start..<start + hidden])
  }

  func stateRow(_ state: [Double], _ d: Int, _ b: Int) -> [Double] {
    let row = isBatchFirst ? b * directions + d : d * batch + b
    return Array(state[row * hidden..<(row + 1) * hidden])
  }

  func initialState(_ name: String, _ d: Int, _ b: Int) -> [Double] {
    inputs[name].map { stateRow($0.doubles, d, b) } ?? [Double](repeating: 0, count: hidden)
  }

  // MARK: - Equations

  private static let u = 0x1p-24

  /// The states after a step from given states. Arguments are sums of fused products; sigmoid and tanh are within 4
  /// units in the last place, and their slopes at most 1/4 and 1.
  func step(_ d: Int, _ t: Int, _ b: Int, h: [Double], c: [Double]) -> (h: [BoundedNumber], c: [BoundedNumber]) {
    let inputs = inputs
    func doubles(_ name: String) -> [Double] { inputs[name]?.doubles ?? [] }
    let (x, w, r, bias) = (doubles("x"), doubles("w"), doubles("r"), doubles("b"))
    let rows = gateCount * hidden
    let inputRow = isBatchFirst ? b * steps + t : t * batch + b
    let n = Double(features + hidden + 3)
    let gamma = n * Self.u / (1 - n * Self.u)
    func sum(_ row: Int, input: Bool, state: Bool) -> BoundedNumber {
      var (value, magnitude) = (0.0, 0.0)
      func add(_ term: Double) {
        value += term
        magnitude += abs(term)
      }
      if input {
        for k in 0..<features { add(w[(d * rows + row) * features + k] * x[inputRow * features + k]) }
        if hasBias { add(bias[2 * d * rows + row]) }
      }
      if state {
        for k in 0..<hidden { add(r[(d * rows + row) * hidden + k] * h[k]) }
        if hasBias { add(bias[2 * d * rows + rows + row]) }
      }
      return BoundedNumber(value: value, error: gamma * magnitude)
    }
    func sigmoid(_ x: BoundedNumber) -> BoundedNumber {
      BoundedNumber(value: 1 / (1 + exp(-x.value)), error: x.error / 4 + 8 * Self.u)
    }
    func tangent(_ x: BoundedNumber) -> BoundedNumber {
      BoundedNumber(value: tanh(x.value), error: x.error + 8 * Self.u)
    }
    /// The sum of two products, each rounded, and their sum.
    func blend(_ a: BoundedNumber, _ b: BoundedNumber, _ c: BoundedNumber, _ d: BoundedNumber) -> BoundedNumber {
      let (p, q) = (a.value * b.value, c.value * d.value)
      let error = abs(a.value) * b.error + abs(b.value) * a.error + abs(c.value) * d.error + abs(d.value) * c.error
      return BoundedNumber(value: p + q, error: error * (1 + 0x1p-10) + 4 * Self.u * (abs(p) + abs(q)))
    }
    func exact(_ value: Double) -> BoundedNumber { BoundedNumber(value: value, error: 0) }
    var next: (h: [BoundedNumber], c: [BoundedNumber]) = ([], [])
    for unit in 0..<hidden {
      func gate(_ index: Int) -> BoundedNumber { sum(index * hidden + unit, input: true, state: true) }
      if layer == "LSTM" {
        let cell = blend(sigmoid(gate(2)), exact(c[unit]), sigmoid(gate(0)), tangent(gate(3)))
        next.c.append(cell)
        next.h.append(blend(sigmoid(gate(1)), tangent(cell), exact(0), exact(0)))
      } else {
        let (z, reset) = (sigmoid(gate(0)), sigmoid(gate(1)))
        let linear = sum(2 * hidden + unit, input: false, state: true)
        let n = tangent(blend(exact(1), sum(2 * hidden + unit, input: true, state: false), reset, linear))
        let rest = BoundedNumber(value: 1 - z.value, error: z.error + Self.u)
        next.h.append(blend(rest, n, z, exact(h[unit])))
      }
    }
    return next
  }
}

extension Tensor {
  /// Normal numbers of a fixed sequence.
  static func draw(_ shape: Shape, seed: UInt64, scale: Double = 1) -> Tensor {
    var generator = SeededGenerator(seed: seed, stream: "recurrent sample")
    return Tensor((0..<shape.elementCount).map { _ in Float(generator.normal() * scale) }, shape: shape)
  }
}
