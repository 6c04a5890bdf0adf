import PareTensor
import RealModule

/// `Y = X / (bias + alpha / size · Σ X²)^beta`, the sum over the `size` neighbouring channels of each element.
///
/// - Shapes: `X [N, C, D1, …]` → Y the same.
/// - Source: ONNX LRN; Krizhevsky et al. 2012.
public enum LRN: FloatingPointOperator {
  public static let name: OperatorName = "LRN"
  public static let inputCount = 1...1
  public static let attributeNames = ["alpha", "beta", "bias", "size"]

  /// The numbers of a node.
  struct Settings<Scalar: FloatingPointElement>: Sendable {
    let factor: Scalar
    let beta: Scalar
    let bias: Scalar
    private let before: Int
    private let after: Int

    init(_ node: Node) throws {
      let size = try node.int("size", default: 0)
      guard (1...Int(Int32.max)).contains(size) else {
        throw GraphError("attribute", node: node, expected: "'size' to be at least 1", found: "\(size)")
      }
      factor = Scalar(try node.float("alpha", default: 1e-4) / Double(size))
      beta = Scalar(try node.float("beta", default: 0.75))
      bias = Scalar(try node.float("bias", default: 1))
      (before, after) = ((size - 1) / 2, size / 2)
    }

    /// The channels whose squares count for a channel.
    @inline(__always)
    func neighbours(_ channel: Int, of channels: Int) -> Range<Int> {
      max(0, channel - before)..<min(channels, channel + after + 1)
    }

    /// The channels for which a channel's square counts.
    @inline(__always)
    func dependents(_ channel: Int, of channels: Int) -> Range<Int> {
      max(0, channel - after)..<min(channels, channel + before + 1)
    }

    /// What an element is divided by, before the power.
    @inline(__always)
    func base(_ x: UnsafePointer<Scalar>, _ layout: ChannelLayout, line: Int, channel: Int) -> Scalar {
      var sum: Scalar = 0
      for other in neighbours(channel, of: layout.channels) {
        let value = x[line + other * layout.inner]
        sum += value * value
      }
      return bias + factor * sum
    }
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.channelInputs(0..<0)
    _ = try Settings<Double>(context.node)
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let layout = ChannelLayout(context.outputs[0].shape)
    let settings = try Settings<Scalar>(context.node)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      layout.forEachLine { line in
        for channel in 0..<layout.channels {
          let offset = line + channel * layout.inner
          y[offset] = x[offset] * Scalar.pow(settings.base(x, layout, line: line, channel: channel), -settings.beta)
        }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(LRNGradient.name, [dy, context.node.inputs[0]], context.node.attributes)]
  }
}

/// `dX[i] = dY[i] · b[i]^−beta − 2 · beta · alpha / size · X[i] · Σ dY[j] · X[j] · b[j]^(−beta − 1)` over the channels j that
/// count i among their neighbours, b being what LRN takes to the power. Inputs: dY and X.
public enum LRNGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.LRNGradient"
  public static let inputCount = 2...2
  public static let attributeNames = LRN.attributeNames

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try LRN.Settings<Double>(context.node)
    _ = try context.channelInputs(0..<0)
    return [try context.equalInputs(0, 1)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let layout = ChannelLayout(context.outputs[0].shape)
    let settings = try LRN.Settings<Scalar>(context.node)
    return { buffers in
      let (dy, x) = (buffers.input(0, as: Scalar.self), buffers.input(1, as: Scalar.self))
      let dx = buffers.output(as: Scalar.self)
      layout.forEachLine { line in
        for channel in 0..<layout.channels {
          let offset = line + channel * layout.inner
          var shared: Scalar = 0
          for other in settings.dependents(channel, of: layout.channels) {
            let position = line + other * layout.inner
            let base = settings.base(x, layout, line: line, channel: other)
            shared += dy[position] * x[position] * Scalar.pow(base, -settings.beta - 1)
          }
          let base = settings.base(x, layout, line: line, channel: channel)
          dx[offset] =
            dy[offset] * Scalar.pow(base, -settings.beta) - 2 * settings.beta * settings.factor * x[offset] * shared
        }
      }
    }
  }
}

extension ChannelLayout {
  /// Calls `body` with the offset in the first channel of every place outside the channels' axis.
  @inline(__always)
  fileprivate func forEachLine(_ body: (Int) -> Void) {
    for sample in 0..<samples {
      for place in 0..<inner { body(sample * channels * inner + place) }
    }
  }
}
