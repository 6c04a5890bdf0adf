import PareTensor

/// `Y = (X − mean) / √(variance + epsilon) · scale + B` with mean and variance of each sample's groups of channels, scale
/// and B per channel.
///
/// - Inputs: `X [N, C, D1, …]`, scale and B `[C]`.
protocol ChannelGroupOperator: FloatingPointOperator {
  /// How many groups the channels fall into.
  static func groups(_ node: Node, channels: Int) throws -> Int
}

extension ChannelGroupOperator {
  public static var inputCount: ClosedRange<Int> { 3...3 }
  public static var weightInputs: Set<Int> { [1, 2] }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.channelInputs(1..<3)
    _ = try context.node.float("epsilon", default: 1e-5)
    if let channels = x.dimensions[1].fixedValue { _ = try groups(context.node, channels: channels) }
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let groups = try ChannelGroups(context.node, context.input(0).shape, groups: Self.groups)
    let epsilon = Scalar(try context.node.float("epsilon", default: 1e-5))
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let (scale, shift) = (buffers.input(1, as: Scalar.self), buffers.input(2, as: Scalar.self))
      let y = buffers.output(as: Scalar.self)
      for group in 0..<groups.count {
        let (mean, r) = groups.statistics(x, group: group, epsilon: epsilon)
        groups.forEach(group: group) { offset, channel in
          y[offset] = (x[offset] - mean) * r * scale[channel] + shift[channel]
        }
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let inputs = context.node.inputs
    return try context.applyAll(
      ChannelGroupGradient<Self>.name, [dy, inputs[0], inputs[1]], context.node.attributes, outputCount: 3)
  }
}

/// One group of channels per channel. Source: ONNX InstanceNormalization; Ulyanov et al. 2016, arXiv:1607.08022.
public enum InstanceNormalization: ChannelGroupOperator {
  public static let name: OperatorName = "InstanceNormalization"
  public static let attributeNames = ["epsilon"]

  static func groups(_ node: Node, channels: Int) -> Int { channels }
}

/// `num_groups` groups of neighbouring channels. Source: ONNX GroupNormalization, opset 21; Wu and He 2018,
/// arXiv:1803.08494.
///
/// `stash_type` may ask for Float32, which is what half precision is computed in; Float64 stays what it is.
public enum GroupNormalization: ChannelGroupOperator {
  public static let name: OperatorName = "GroupNormalization"
  public static let attributeNames = ["epsilon", "num_groups", "stash_type"]

  static func groups(_ node: Node, channels: Int) throws -> Int {
    let groups = try node.int("num_groups", default: 0)
    guard groups > 0, channels % groups == 0 else {
      throw GraphError(
        "attribute", node: node, expected: "'num_groups' to divide \(channels) channels", found: "\(groups)")
    }
    guard try node.int("stash_type", default: 1) == ElementType.float32.onnxDataType else {
      throw GraphError("attribute", node: node, expected: "'stash_type' to be 1 (float32)", found: "another")
    }
    return groups
  }
}

/// The gradients of a normalization of channel groups: with `x̂` the normalized X, `g = dY · scale` and means over the
/// group, `dX = r · (g − mean(g) − x̂ · mean(g · x̂))`, `dScale = Σ dY · x̂`, `dB = Σ dY`.
///
/// Inputs: dY, X, scale. Outputs: dX, dScale, dB.
enum ChannelGroupGradient<Normalization: ChannelGroupOperator>: FloatingPointOperator {
  static var name: OperatorName { OperatorName(Normalization.name.type + "Gradient", domain: "pare") }
  static var inputCount: ClosedRange<Int> { 3...3 }
  static var outputCount: ClosedRange<Int> { 3...3 }
  static var attributeNames: [String] { Normalization.attributeNames }

  static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.channelInputs(2..<3, of: 1)
    _ = try context.equalInputs(0, 1)
    if let channels = x.dimensions[1].fixedValue { _ = try Normalization.groups(context.node, channels: channels) }
    return [x, try context.input(2), try context.input(2)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let groups = try ChannelGroups(context.node, context.input(1).shape, groups: Normalization.groups)
    let epsilon = Scalar(try context.node.float("epsilon", default: 1e-5))
    return { buffers in
      let (dy, x) = (buffers.input(0, as: Scalar.self), buffers.input(1, as: Scalar.self))
      let scale = buffers.input(2, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      let (dScale, dShift) = (buffers.output(1, as: Scalar.self), buffers.output(2, as: Scalar.self))
      dScale.update(repeating: 0, count: groups.channels)
      dShift.update(repeating: 0, count: groups.channels)
      let count = Scalar(groups.groupCount)
      for group in 0..<groups.count {
        let (mean, r) = groups.statistics(x, group: group, epsilon: epsilon)
        var (s, t): (Scalar, Scalar) = (0, 0)
        groups.forEach(group: group) { offset, channel in
          let normalized = (x[offset] - mean) * r
          dScale[channel] += dy[offset] * normalized
          dShift[channel] += dy[offset]
          s += dy[offset] * scale[channel]
          t += dy[offset] * scale[channel] * normalized
        }
        groups.forEach(group: group) { offset, channel in
          dx[offset] = r * (dy[offset] * scale[channel] - s / count - (x[offset] - mean) * r * (t / count))
        }
      }
    }
  }
}

/// The channels of every sample in groups.
struct ChannelGroups: Sendable {
  let channels: Int
  /// Groups in all samples.
  let count: Int
  private let channelsPerGroup: Int
  private let inner: Int

  init(_ node: Node, _ shape: Shape, groups: (Node, Int) throws -> Int) throws {
    let layout = ChannelLayout(shape)
    channels = layout.channels
    let groups = try groups(node, channels)
    count = layout.samples * groups
    channelsPerGroup = groups == 0 ? 0 : channels / groups
    inner = layout.inner
  }

  /// Elements of a group.
  var groupCount: Int { channelsPerGroup * inner }

  /// Calls `body(offset, channel)` for each element of a group, in order.
  @inline(__always)
  func forEach(group: Int, _ body: (Int, Int) -> Void) {
    for line in group * channelsPerGroup..<(group + 1) * channelsPerGroup {
      for offset in line * inner..<(line + 1) * inner { body(offset, line % channels) }
    }
  }

  /// The mean of a group and the reciprocal of √(variance + epsilon).
  func statistics<Scalar: FloatingPointElement>(
    _ x: UnsafePointer<Scalar>, group: Int, epsilon: Scalar
  ) -> (mean: Scalar, reciprocal: Scalar) {
    let start = group * groupCount
    var sum: Scalar = 0
    for offset in start..<start + groupCount { sum += x[offset] }
    let mean = sum / Scalar(groupCount)
    var squares: Scalar = 0
    for offset in start..<start + groupCount { squares += (x[offset] - mean) * (x[offset] - mean) }
    return (mean, 1 / (squares / Scalar(groupCount) + epsilon).squareRoot())
  }
}
