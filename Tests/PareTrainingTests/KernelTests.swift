import Foundation
import CPareKernels
import PareTensor
import PareTraining
import Testing

/// Every variant of every training kernel against plain C, to the bit, over sizes around the vectors' widths.
struct KernelTests {
  static let counts = [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 257, 1000]
  static let variantNames = TrainingKernels.variants.map(\.name)

  private let plain: TrainingKernels
  private var generator = SeededGenerator(seed: 7)

  init() throws {
    plain = try #require(TrainingKernels.variants.first?.kernels)
  }

  /// The variant, or a skip where this machine lacks its instructions.
  private func kernels(_ name: String) throws -> TrainingKernels {
    guard let kernels = TrainingKernels.variants.first(where: { $0.name == name })?.kernels else {
      try Test.cancel("this processor has no \(name)")
    }
    return kernels
  }

  /// Numbers of all sizes, with the special ones among them.
  private mutating func numbers(_ count: Int, specials: Bool = true) -> [Float] {
    let special: [Float] = [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 0x1p-130, -0x1p-130, 3e38, -3e38, 88.8, -104]
    return (0..<count).map { _ in
      specials && generator.below(8) == 0 ? special[generator.below(special.count)] : Float(generator.normal() * 4)
    }
  }

  /// Runs `body` on memory with a canary on either side, and gives what it wrote.
  private func guarded(_ initial: [Float], _ body: (UnsafeMutablePointer<Float>) -> Void) -> [UInt32] {
    let canary: Float = 12345
    var memory = [canary] + initial + [canary]
    memory.withUnsafeMutableBufferPointer { body($0.baseAddress! + 1) }
    #expect(memory.first == canary && memory.last == canary, "a kernel wrote beyond its array")
    return memory.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
  }

  @Test(arguments: variantNames)
  mutating func unaryPassesEqualPlainC(variant: String) throws {
    let other = try kernels(variant)
    for count in Self.counts {
      let x = numbers(count)
      let kernels: [KeyPath<pare_elementwise_kernels, pare_unary_f32?>] = [
        \.negate, \.relu, \.exponential, \.tanh, \.sigmoid, \.absolute, \.square, \.square_root, \.reciprocal, \.logarithm,
        \.error_function, \.gelu, \.gelu_by_tanh, \.hard_swish, \.softplus, \.mish, \.binarize,
      ]
      for kernel in kernels {
        let expected = guarded(x) { plain.elementwise[keyPath: kernel]!(x, $0, count) }
        #expect(guarded(x) { other.elementwise[keyPath: kernel]!(x, $0, count) } == expected, "\(kernel), \(count)")
      }
      let expected = guarded(x) { plain.elementwise.clip(x, -1, 2, $0, count) }
      #expect(guarded(x) { other.elementwise.clip(x, -1, 2, $0, count) } == expected)
    }
  }

  @Test(arguments: variantNames)
  mutating func fakeQuantizationEqualsPlainC(variant: String) throws {
    let other = try kernels(variant)
    for count in Self.counts {
      let (x, dy) = (numbers(count), numbers(count, specials: false))
      for (scale, low, high) in [(0.03, -127, 127), (0.5, -3, 4), (0.013, -17, 238), (0x1p-120, -8, 7)] as [(Float, Float, Float)] {
        for block in [max(count, 1), 5, 32] {
          let shape = pare_scale_blocks(rows: 1, extent: count, block: block)
          let blocks = (count + block - 1) / block
          let scales = (0..<blocks).map { scale * Float(1 + $0 % 3) }
          func forward(_ kernels: TrainingKernels) -> [UInt32] {
            guarded(x) { kernels.elementwise.fake_quantize(x, scales, low, high, $0, shape) }
          }
          func backward(_ kernels: TrainingKernels) -> [[UInt32]] {
            var dx: [UInt32] = []
            let shares = guarded([Float](repeating: 0, count: blocks)) { shares in
              dx = guarded(x) { kernels.elementwise.fake_quantize_gradient(dy, x, scales, low, high, $0, shares, 0.3, shape) }
            }
            let alone = guarded(x) { kernels.elementwise.fake_quantize_gradient(dy, x, scales, low, high, $0, nil, 0.3, shape) }
            #expect(alone == dx)
            return [dx, shares]
          }
          #expect(forward(other) == forward(plain), "\(count) by \(scale) in \(block)")
          #expect(backward(other) == backward(plain), "\(count) by \(scale) in \(block)")
        }
      }
    }
  }

  @Test(arguments: variantNames)
  mutating func binaryPassesEqualPlainCUnderEveryBroadcast(variant: String) throws {
    let other = try kernels(variant)
    let kernels: [KeyPath<pare_elementwise_kernels, pare_binary_f32?>] = [
      \.add, \.subtract, \.multiply, \.divide, \.relu_gradient, \.sigmoid_gradient, \.tanh_gradient,
      \.maximum, \.minimum, \.absolute_gradient, \.square_gradient, \.reciprocal_gradient, \.error_function_gradient,
      \.gelu_gradient, \.gelu_by_tanh_gradient, \.hard_swish_gradient, \.softplus_gradient, \.mish_gradient,
    ]
    for (rows, columns) in [(1, 0), (1, 1), (1, 17), (3, 5), (2, 33), (4, 64), (5, 3)] {
      let (a, b) = (numbers(rows * columns), numbers(rows * columns))
      for (left, right) in [((columns, 1), (columns, 1)), ((columns, 1), (0, 1)), ((0, 1), (columns, 1)), ((1, 0), (columns, 1)), ((columns, 1), (1, 0)), ((0, 0), (0, 1)), ((0, 0), (0, 0))] {
        guard columns > 0 else { continue }
        func run(_ kernels: TrainingKernels, _ kernel: KeyPath<pare_elementwise_kernels, pare_binary_f32?>) -> [UInt32] {
          a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
              guarded([Float](repeating: 0, count: rows * columns)) {
                kernels.elementwise[keyPath: kernel]!(
                  pare_operand_f32(values: a.baseAddress, row_stride: left.0, column_stride: left.1),
                  pare_operand_f32(values: b.baseAddress, row_stride: right.0, column_stride: right.1), $0, rows, columns)
              }
            }
          }
        }
        for kernel in kernels { #expect(run(other, kernel) == run(plain, kernel), "\(kernel) \(rows)×\(columns)") }
      }
      let bias = numbers(columns)
      #expect(
        guarded(a) { other.elementwise.add_bias($0, bias, rows, columns) }
          == guarded(a) { plain.elementwise.add_bias($0, bias, rows, columns) })
      #expect(
        guarded(a) { other.elementwise.add_bias_relu($0, bias, rows, columns) }
          == guarded(a) { plain.elementwise.add_bias_relu($0, bias, rows, columns) })
    }
  }

  @Test(arguments: variantNames)
  mutating func reductionsAndSoftmaxesEqualPlainC(variant: String) throws {
    let other = try kernels(variant)
    for (rows, columns) in [(1, 1), (1, 100), (3, 3), (257, 3), (7, 16), (5, 17), (4, 600), (33, 32)] {
      let (x, y) = (numbers(rows * columns, specials: false), numbers(rows * columns, specials: false))
      let zeros = [Float](repeating: 0, count: rows * columns)
      func same(_ run: (TrainingKernels, UnsafeMutablePointer<Float>) -> Void) -> Bool {
        guarded(zeros) { run(other, $0) } == guarded(zeros) { run(plain, $0) }
      }
      #expect(same { $0.reduction.column_sums(x, 0.5, $1, rows, columns) })
      #expect(same { $0.reduction.row_sums(x, 0.5, $1, rows, columns) })
      #expect(same { $1[0] = $0.reduction.sum_of_squares(x, x.count) })
      #expect(same { $0.softmax.softmax(x, $1, rows, columns) })
      #expect(same { $0.softmax.log_softmax(x, $1, rows, columns) })
      #expect(same { $0.softmax.softmax_gradient(x, y, $1, rows, columns) })
      #expect(same { $0.softmax.log_softmax_gradient(x, y, $1, rows, columns) })
    }
  }

  @Test func exponentialSigmoidAndTanhAreWithinFourUnitsInTheLastPlace() {
    var xs: [Float] = stride(from: -87, through: 88, by: 0.001).map { Float($0) }
    xs += (0...40).flatMap { [Float(sign: .plus, exponent: -$0, significand: 1.3), -Float(sign: .plus, exponent: -$0, significand: 1.7)] }
    func worst(_ kernel: KeyPath<pare_elementwise_kernels, pare_unary_f32?>, _ truth: (Double) -> Double) -> Double {
      var y = [Float](repeating: 0, count: xs.count)
      plain.elementwise[keyPath: kernel]!(xs, &y, xs.count)
      return zip(xs, y).map { x, y in
        let expected = truth(Double(x))
        return abs(Double(y) - expected) / Double(max(Float(expected).ulp, .leastNormalMagnitude))
      }.max() ?? 0
    }
    #expect(worst(\.exponential, exp) < 4)
    #expect(worst(\.sigmoid) { 1 / (1 + exp(-$0)) } < 4)
    #expect(worst(\.tanh, tanh) < 4)
  }

  @Test func exponentialKeepsItsLimits() {
    let xs: [Float] = [.infinity, -.infinity, .nan, 89, -104, 0, 88.72283, 1000, -1000]
    var y = [Float](repeating: 0, count: xs.count)
    plain.elementwise.exponential(xs, &y, xs.count)
    #expect(y[0] == .infinity && y[1] == 0 && y[2].isNaN && y[3] == .infinity && y[4] == 0 && y[5] == 1)
    #expect(y[6].isFinite && y[6] > 3.4e38 && y[7] == .infinity && y[8] == 0)
  }
}
