import PareGraph
import PareTensor

extension OperatorCases {
  static let stateSpace: [OperatorCase] =
    [
      ScanSample().scan("Y alone", outputs: 1), ScanSample(hasD: true).scan("with D"),
      ScanSample(hasD: true, hasState: true).scan("with D and a state"),
      ScanSample(lanes: [3], hasState: true).scan("symbols side by side"),
      ScanSample(lanes: [2, 2], hasD: true).scan("further axes", outputs: 1),
    ] + [
      ScanSample(lanes: [2], hasD: true, hasState: true).gradient("", by: [true, true]),
      ScanSample().gradient("by the last state alone", by: [false, true]),
      ScanSample(hasD: true).gradient("by Y alone", by: [true, false]),
    ] + [QuantizedScanSample().scan("Y alone", outputs: 1), QuantizedScanSample(lanes: [3], hasState: true).scan("with a state")]
}

/// A small selective scan on integers.
struct QuantizedScanSample {
  var batch = 2
  var steps = 4
  var lanes: [Int] = []
  var channels = 3
  var states = 2
  var hasState = false

  private func codes(_ shape: [Int], seed: Int) -> OperatorCase.Operand {
    let shape = Shape(shape)
    return .variable(Tensor((0..<shape.elementCount).map { UInt8(($0 * 97 + seed * 31) % 256) }, shape: shape))
  }

  private func integers(_ shape: Shape, from least: Int, count: Int, seed: Int) -> Tensor {
    Tensor((0..<shape.elementCount).map { Int16(least + ($0 * 7919 + seed * 101) % count) }, shape: shape)
  }

  var operands: [OperatorCase.Operand] {
    let places = [batch, steps] + lanes
    return [
      codes(places + [channels], seed: 1), codes(places + [states], seed: 2), codes(places + [states], seed: 3),
      .constant(Tensor([120, 131, 128] as [UInt8])),
      .constant(integers([channels, 256, states], from: 0, count: 32768, seed: 4)),
      .constant(integers([channels, 256], from: -3000, count: 6001, seed: 5)), .constant(Tensor(scalar: Float(0x1p-20))),
      .constant(.sample([channels], seed: 6)),
      hasState ? .variable(integers(Shape([batch] + lanes + [states, channels]), from: -32768, count: 65536, seed: 7)) : .absent,
    ]
  }

  // Sums below 2 · 131 · 2^15 < 2^24 are exact in Float32; their product with a power of two is; the other product is below 136 · 2, and so
  // the sum below 280.
  func scan(_ variant: String, outputs: Int = 2) -> OperatorCase {
    OperatorCase("pare.QuantizedSelectiveScan", variant, operands, outputs: outputs, rounding: .init(2, upTo: 280))
  }
}

/// A small selective scan with its operands: Δ and −A above zero, as they are in a model.
struct ScanSample {
  var batch = 2
  var steps = 4
  var lanes: [Int] = []
  var channels = 3
  var states = 2
  var hasD = false
  var hasState = false

  var rows: [Int] { [batch, steps] + lanes }
  var stateShape: Shape { Shape([batch] + lanes + [states, channels]) }

  var operands: [OperatorCase.Operand] {
    let a = Tensor(Tensor.positiveSample([states, channels], seed: 3).values(as: Float.self).map { -$0 / 2 }, shape: [states, channels])
    return [
      .variable(.sample(Shape(rows + [channels]), seed: 1)), .variable(.positiveSample(Shape(rows + [channels]), seed: 2)),
      .variable(a), .variable(.sample(Shape(rows + [states]), seed: 4)), .variable(.sample(Shape(rows + [states]), seed: 5)),
      hasD ? .variable(.sample([channels], seed: 6)) : .absent, hasState ? .variable(.sample(stateShape, seed: 7)) : .absent,
    ]
  }

  // A state stays below 2 · 2 · 2 · 2 + … over four steps, 40, its product with C below 80; each of the steps rounds some eight times
  // and an exponential of magnitude 1 with an argument of up to 2, the sum over two states twice more.
  func scan(_ variant: String, outputs: Int = 2) -> OperatorCase {
    OperatorCase("pare.SelectiveScan", variant, operands, outputs: outputs, rounding: .init(48, upTo: 160))
  }

  // Adjoints are of the size of states; their products with them, Δ and A are summed over steps, rows and lanes.
  func gradient(_ variant: String, by given: [Bool]) -> OperatorCase {
    let flows: [OperatorCase.Operand] = [
      given[0] ? .constant(.sample(Shape(rows + [channels]), seed: 8)) : .absent,
      given[1] ? .constant(.sample(stateShape, seed: 9)) : .absent,
    ]
    return OperatorCase("pare.SelectiveScanGradient", variant, flows + operands, outputs: 7, rounding: .init(96, upTo: 20_000))
  }
}
