import CPareKernels
import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// The bounds that the element-wise forms state, and that every variant of their kernels gives the bits of plain C.
struct ActivationKernelTests {
  private let plain: TrainingKernels

  init() throws {
    plain = try #require(TrainingKernels.variants.first?.kernels)
  }

  private static let points: [Float] = {
    let near = stride(from: -12.0, through: 12, by: 0.0007).map { Float($0) }
    let far = stride(from: -90.0, through: 90, by: 0.31).map { Float($0) }
    return near + far + (1...30).flatMap { [Float(sign: .plus, exponent: -$0, significand: 1.3), Float(sign: .minus, exponent: -$0, significand: 1.7)] }
  }()

  /// The largest error at some points, in units that `unit` gives for a point and the true value there.
  private func worst(
    _ xs: [Float] = points, unit: (Double, Double) -> Double, truth: (Double) -> Double,
    _ run: ([Float], inout [Float]) -> Void
  ) -> Double {
    var y = [Float](repeating: 0, count: xs.count)
    run(xs, &y)
    return zip(xs, y).map { x, y in
      let expected = truth(Double(x))
      return abs(Double(y) - expected) / unit(Double(x), expected)
    }.max() ?? 0
  }

  private func lastPlace(_ x: Double, _ y: Double) -> Double { Double(max(Float(y).ulp, .leastNormalMagnitude)) }

  private func unary(_ kernel: KeyPath<pare_elementwise_kernels, pare_unary_f32?>) -> ([Float], inout [Float]) -> Void {
    { x, y in plain.elementwise[keyPath: kernel]?(x, &y, x.count) }
  }

  /// With dY = 1.
  private func slope(_ kernel: KeyPath<pare_elementwise_kernels, pare_binary_f32?>) -> ([Float], inout [Float]) -> Void {
    { x, y in
      x.withUnsafeBufferPointer { x in
        withUnsafePointer(to: Float(1)) { one in
          plain.elementwise[keyPath: kernel]?(
            pare_operand_f32(values: one, row_stride: 0, column_stride: 0),
            pare_operand_f32(values: x.baseAddress, row_stride: 0, column_stride: 1), &y, 1, x.count)
        }
      }
    }
  }

  private static func distribution(_ x: Double) -> Double { erfc(-x * 0.5.squareRoot()) / 2 }
  private static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
  private static let tanhScale = (2 / Double.pi).squareRoot()

  @Test func functionsAreWithinTheirUnitsInTheLastPlace() {
    let positive = Self.points.map { abs($0) } + [0x1p-140, 0x1.8p-127, 3e38]
    #expect(worst(positive, unit: lastPlace, truth: log, unary(\.logarithm)) < 2)
    #expect(worst(unit: lastPlace, truth: erf, unary(\.error_function)) < 4)
    #expect(worst(unit: lastPlace, truth: Self.softplus, unary(\.softplus)) < 4)
    #expect(worst(unit: lastPlace, truth: { $0 * tanh(Self.softplus($0)) }, unary(\.mish)) < 8)
    #expect(worst(unit: lastPlace, truth: { $0 * Self.distribution($0) }, unary(\.gelu)) < 8)
    #expect(worst(unit: lastPlace, truth: { $0 > 0 ? $0 : expm1($0) }) { plain.elementwise.elu($0, 1, 0, &$1, $0.count) } < 4)
    #expect(worst(unit: lastPlace, truth: { $0 * Self.logistic($0) }) { plain.elementwise.swish($0, 1, 0, &$1, $0.count) } < 8)
    let byTanh = { (x: Double) in x / 2 * (1 + tanh(Self.tanhScale * (x + 0.044715 * x * x * x))) }
    #expect(worst(unit: { x, _ in 0x1p-24 * (1 + abs(x)) }, truth: byTanh, unary(\.gelu_by_tanh)) < 2)
  }

  @Test func slopesAreWithinTheirBounds() {
    let roundoff = { (_: Double, _: Double) in 0x1p-24 }
    #expect(worst(unit: lastPlace, truth: Self.logistic, slope(\.softplus_gradient)) < 5)
    #expect(worst(unit: lastPlace, truth: { 2 / Double.pi.squareRoot() * exp(-$0 * $0) }, slope(\.error_function_gradient)) < 5)
    #expect(
      worst(unit: lastPlace, truth: { $0 > 0 ? 1 : exp($0) }) { x, y in
        plain.elementwise.elu_gradient([Float](repeating: 1, count: x.count), x, 1, 0, &y, x.count)
      } < 5)
    let density = { (x: Double) in exp(-x * x / 2) / (2 * Double.pi).squareRoot() }
    #expect(worst(unit: roundoff, truth: { Self.distribution($0) + $0 * density($0) }, slope(\.gelu_gradient)) < 8)
    let byTanh = { (x: Double) in
      let t = tanh(Self.tanhScale * (x + 0.044715 * x * x * x))
      return ((1 + t) + x * (1 - t) * (1 + t) * Self.tanhScale * (1 + 3 * 0.044715 * x * x)) / 2
    }
    #expect(worst(unit: roundoff, truth: byTanh, slope(\.gelu_by_tanh_gradient)) < 16)
    let mish = { (x: Double) in
      let t = tanh(Self.softplus(x))
      return t + x * (1 - t * t) * Self.logistic(x)
    }
    #expect(worst(unit: roundoff, truth: mish, slope(\.mish_gradient)) < 32)
    let swish = { (x: Double) in Self.logistic(x) * (1 + x * (1 - Self.logistic(x))) }
    #expect(
      worst(unit: roundoff, truth: swish) { x, y in
        plain.elementwise.swish_gradient([Float](repeating: 1, count: x.count), x, 1, 0, &y, x.count)
      } < 32)
  }

  @Test func theEndsOfTheRangeStayWhatTheyAre() {
    func values(_ kernel: KeyPath<pare_elementwise_kernels, pare_unary_f32?>, _ x: [Float]) -> [Float] {
      var y = x
      unary(kernel)(x, &y)
      return y
    }
    #expect(values(\.logarithm, [0, -0.0, .infinity]) == [-.infinity, -.infinity, .infinity])
    #expect(values(\.logarithm, [-1, .nan, -.infinity]).allSatisfy { $0.isNaN })
    #expect(values(\.error_function, [.infinity, -.infinity, 1e30]) == [1, -1, 1])
    #expect(values(\.softplus, [.infinity, -.infinity, 1e30]) == [.infinity, 0, 1e30])
    #expect(values(\.gelu, [.infinity, 1e30, -1e30]) == [.infinity, 1e30, 0])
    for kernel in [\pare_elementwise_kernels.error_function, \.softplus, \.gelu, \.gelu_by_tanh, \.mish, \.hard_swish] {
      #expect(values(kernel, [.nan])[0].isNaN, "\(kernel)")
    }
  }

  @Test(arguments: TrainingKernels.variants.map(\.name))
  func everyVariantGivesTheBitsOfPlainC(_ name: String) throws {
    guard let other = TrainingKernels.variants.first(where: { $0.name == name })?.kernels else {
      try Test.cancel("this processor has no \(name)")
    }
    var generator = SeededGenerator(seed: 5)
    for count in [0, 1, 7, 16, 33, 100] {
      let x = (0..<count).map { _ in generator.below(9) == 0 ? [0, .nan, .infinity, -.infinity][generator.below(4)] : Float(generator.normal() * 3) }
      let dy = (0..<count).map { _ in Float(generator.normal()) }
      let truths = (0..<count).map { _ in UInt8(generator.below(2)) }
      func same(_ run: (pare_elementwise_kernels, UnsafeMutablePointer<Float>) -> Void) -> Bool {
        func bits(_ kernels: TrainingKernels) -> [UInt32] {
          var y = [Float](repeating: 7, count: count + 1)
          run(kernels.elementwise, &y)
          return y.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
        }
        return bits(other) == bits(plain)
      }
      for kernel in [\pare_elementwise_kernels.elu, \.swish, \.hard_sigmoid] {
        #expect(same { $0[keyPath: kernel]?(x, 0.7, 0.4, $1, count) }, "\(kernel)")
      }
      for kernel in [\pare_elementwise_kernels.elu_gradient, \.swish_gradient, \.hard_sigmoid_gradient, \.clip_gradient] {
        #expect(same { $0[keyPath: kernel]?(dy, x, -0.7, 0.4, $1, count) }, "\(kernel)")
      }
      let dropout = pare_dropout(first_key: 12, second_key: 3_000_000_000, threshold: 1 << 30)
      #expect(same { $0.drop_out(x, dropout, 1.5, $1, count) })
      #expect(same { $0.drop_out_mask(dropout, UnsafeMutableRawPointer($1).assumingMemoryBound(to: UInt8.self), count) })
      for (c, l, r) in [(1, 1, 1), (1, 0, 1), (1, 1, 0), (1, 0, 0), (0, 1, 1), (0, 0, 1)] where count > 0 {
        #expect(
          same { kernels, y in
            truths.withUnsafeBufferPointer { truths in
              x.withUnsafeBufferPointer { x in
                dy.withUnsafeBufferPointer { dy in
                  kernels.choose(
                    pare_operand_u8(values: truths.baseAddress, row_stride: 0, column_stride: c),
                    pare_operand_f32(values: x.baseAddress, row_stride: 0, column_stride: l),
                    pare_operand_f32(values: dy.baseAddress, row_stride: 0, column_stride: r), y, 1, count)
                }
              }
            }
          })
      }
    }
  }
}
