import PareTensor

extension QuantizedDense {
  /// The constants of a layer, checked: what the reference evaluates and what a plan packs. A filter of
  /// `pare.QuantizedConvolution` is an output whose inputs are the elements of its window, in the order of the weights.
  package struct Layer: Sendable {
    package enum Ending: Sendable {
      case requantized(Requantization)
      /// The factor of each output.
      case dequantized([Float])
    }

    package let inputCount: Int
    package let outputCount: Int
    package let inputZeroPoint: UInt8
    /// Row-major `[outputCount, inputCount]`; of a convolution `[filters, channels, window…]`.
    package let weights: [Int8]
    package let bias: [Int32]
    package let ending: Ending

    /// - Parameter constant: the value of an input of the node by index, where it is constant.
    package init(_ node: Node, constant: (Int) -> Tensor?) throws {
      func fetch(_ index: Int, _ what: String) throws -> Tensor {
        guard let tensor = constant(index) else {
          throw GraphError("not-constant", node: node, expected: "\(what) to be constant", found: "a computed value")
        }
        return tensor
      }
      let weight = try fetch(2, "the weights")
      outputCount = weight.shape[0]
      inputCount = weight.shape.dimensions.dropFirst().reduce(1, *)
      weights = weight.values(as: Int8.self)
      inputZeroPoint = try fetch(1, "the zero point").values(as: UInt8.self)[0]
      bias = try fetch(3, "the bias").values(as: Int32.self)
      if node.inputs.count == 7 {
        ending = .requantized(
          try Requantization(
            node, multipliers: try fetch(4, "the multiplier").values(as: Int32.self),
            shifts: try fetch(5, "the shift").values(as: Int32.self),
            zeroPoint: try fetch(6, "the output's zero point").values(as: UInt8.self)[0],
            relu: try node.int("relu", default: 0) != 0))
      } else {
        ending = .dequantized(try fetch(4, "the scale").values(as: Float.self))
      }
      for output in 0..<outputCount {
        let range = accumulatorRange(of: output)
        guard range.lowerBound >= Int64(Int32.min), range.upperBound <= Int64(Int32.max) else {
          throw GraphError(
            "accumulator-overflow", node: node, expected: "output \(output) to accumulate within Int32",
            found: "\(range.lowerBound) to \(range.upperBound)")
        }
      }
    }

    /// The least and the greatest accumulator that any input gives: exact, since each input is free in 0 … 255.
    package func accumulatorRange(of output: Int) -> ClosedRange<Int64> {
      let (down, up) = (-Int64(inputZeroPoint), 255 - Int64(inputZeroPoint))
      var (least, greatest) = (Int64(bias[output]), Int64(bias[output]))
      for weight in weights[output * inputCount..<(output + 1) * inputCount] {
        least += min(Int64(weight) * down, Int64(weight) * up)
        greatest += max(Int64(weight) * down, Int64(weight) * up)
      }
      return least...greatest
    }

    /// Calls `body(position, output, accumulator)` for each element of the result in order.
    @inline(__always)
    func forEachAccumulator(_ x: UnsafePointer<UInt8>, rows: Int, _ body: (Int, Int, Int32) -> Void) {
      let zeroPoint = Int32(inputZeroPoint)
      for row in 0..<rows {
        for output in 0..<outputCount {
          // Only the total is sure to fit, so sums on the way may wrap.
          var sum = bias[output]
          for input in 0..<inputCount {
            sum &+= (Int32(x[row * inputCount + input]) - zeroPoint) * Int32(weights[output * inputCount + input])
          }
          body(row * outputCount + output, output, sum)
        }
      }
    }
  }

  /// From accumulators to the integers of the next layer: a fixed-point factor per output.
  package struct Requantization: Sendable {
    package let multipliers: [Int32]
    package let shifts: [Int32]
    package let zeroPoint: UInt8
    package let relu: Bool

    init(_ node: Node, multipliers: [Int32], shifts: [Int32], zeroPoint: UInt8, relu: Bool) throws {
      if let wrong = multipliers.first(where: { $0 < 1 << 30 }) {
        throw GraphError("multiplier", node: node, expected: "multipliers in 2^30 ..< 2^31", found: "\(wrong)")
      }
      if let wrong = shifts.first(where: { !(1...63).contains($0) }) {
        throw GraphError("shift", node: node, expected: "shifts in 1 ... 63", found: "\(wrong)")
      }
      self.multipliers = multipliers
      self.shifts = shifts
      self.zeroPoint = zeroPoint
      self.relu = relu
    }

    /// The lowest output.
    package var low: UInt8 { relu ? zeroPoint : 0 }

    @inline(__always)
    func apply(_ accumulator: Int32, output: Int) -> UInt8 {
      let product = Int64(accumulator) * Int64(multipliers[output])
      let shift = Int64(shifts[output])
      let rounded = (product + 1 << (shift - 1)) >> shift
      return UInt8(min(max(rounded + Int64(zeroPoint), Int64(low)), 255))
    }

    /// Multiplier and shift of a positive factor: `factor ≈ multiplier · 2^−shift` within a relative 2^−31.
    ///
    /// - Returns: nil where the factor is not positive and finite or is 2^30 or more. A factor below 2^−33 gets shift 63,
    ///   with which every accumulator rounds to 0, as it must.
    package static func fixedPoint(_ factor: Double) -> (multiplier: Int32, shift: Int32)? {
      guard factor.isNormal, factor > 0 else { return nil }
      var exponent = Int(factor.exponent)
      var multiplier = Int64((factor.significand * 0x1p30).rounded(.toNearestOrEven))
      if multiplier == 1 << 31 {
        multiplier = 1 << 30
        exponent += 1
      }
      guard exponent < 30 else { return nil }
      return (Int32(multiplier), Int32(min(30 - exponent, 63)))
    }
  }

  /// The smallest weight scale of an output with which its quantized bias stays within ±2^30, so that accumulators of up
  /// to 32,896 inputs cannot leave Int32. A channel of tiny weights and a plain bias needs it.
  public static func smallestWeightScale(bias: Float, inputScale: Float) -> Float {
    let exact = Double(bias.magnitude) / (Double(inputScale) * 0x1p30)
    let rounded = Float(exact)
    return max(Double(rounded) < exact ? rounded.nextUp : rounded, .leastNormalMagnitude)
  }
}
