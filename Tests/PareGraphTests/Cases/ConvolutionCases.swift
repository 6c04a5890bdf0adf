import PareGraph
import PareTensor

extension OperatorCases {
  // A sum of K products of at most 4 and a bias of at most 2: K + 1 roundings on at most 4·K + 2.
  private static func sum(of terms: Int) -> OperatorCase.Rounding { .init(terms + 1, upTo: Double(4 * terms + 2)) }

  private struct Setting {
    var variant: String
    var x: Shape
    var w: Shape
    /// Terms of a sum of Y, and of one over samples and positions.
    var terms: Int
    var positions: Int
    var attributes: [String: Attribute] = [:]
  }

  private static let convolutions: [Setting] = [
    Setting(variant: "of one axis", x: [2, 2, 5], w: [3, 2, 3], terms: 6, positions: 6),
    Setting(
      variant: "of one axis, padded, strided, dilated", x: [2, 2, 7], w: [3, 2, 3], terms: 6, positions: 10,
      attributes: ["pads": .ints([2, 1]), "strides": .ints([2]), "dilations": .ints([2])]),
    Setting(
      variant: "of two axes, in groups", x: [1, 4, 4, 3], w: [6, 2, 2, 3], terms: 12, positions: 9,
      attributes: ["group": .int(2), "pads": .ints([0, 1, 0, 1])]),
    Setting(
      variant: "of two axes, the same extents, odd at the end", x: [1, 1, 5, 4], w: [2, 1, 2, 3], terms: 6, positions: 6,
      attributes: ["auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])]),
    Setting(
      variant: "of two axes, the same extents, odd at the beginning", x: [1, 1, 5, 4], w: [2, 1, 2, 3], terms: 6,
      positions: 6, attributes: ["auto_pad": .string("SAME_LOWER"), "strides": .ints([2, 2])]),
    Setting(
      variant: "depthwise", x: [1, 3, 6], w: [3, 1, 2], terms: 2, positions: 5,
      attributes: ["group": .int(3), "auto_pad": .string("VALID")]),
    Setting(
      variant: "of three axes", x: [1, 1, 3, 2, 3], w: [1, 1, 2, 2, 2], terms: 8, positions: 12,
      attributes: ["pads": .ints([0, 1, 0, 0, 0, 1])]),
  ]

  private static let transposed: [Setting] = [
    Setting(variant: "of one axis", x: [2, 3, 4], w: [3, 2, 3], terms: 9, positions: 8),
    Setting(
      variant: "of one axis, padded, strided, dilated", x: [2, 3, 4], w: [3, 2, 3], terms: 9, positions: 8,
      attributes: [
        "pads": .ints([2, 1]), "strides": .ints([2]), "dilations": .ints([2]), "output_padding": .ints([1]),
      ]),
    Setting(
      variant: "of two axes, in groups", x: [1, 4, 2, 3], w: [4, 3, 2, 2], terms: 8, positions: 6,
      attributes: ["group": .int(2), "strides": .ints([1, 2])]),
    Setting(
      variant: "to a given shape", x: [1, 1, 3, 3], w: [1, 2, 3, 3], terms: 9, positions: 9,
      attributes: ["strides": .ints([3, 2]), "output_shape": .ints([10, 8])]),
    Setting(
      variant: "with the stride's extents", x: [1, 1, 3, 3], w: [1, 2, 3, 3], terms: 9, positions: 9,
      attributes: ["strides": .ints([2, 2]), "auto_pad": .string("SAME_LOWER")]),
  ]

  /// A setting as a case of the operator and of the two operators of its gradient.
  private static func cases(
    _ name: OperatorName, _ setting: Setting, outputChannels: Int
  ) -> [OperatorCase] {
    let (x, w) = (Tensor.sample(setting.x), Tensor.sample(setting.w, seed: 2))
    let bias = Tensor.sample([outputChannels], seed: 3)
    let forward = OperatorCase(
      name, setting.variant, [.variable(x), .variable(w), .variable(bias)], setting.attributes,
      rounding: sum(of: setting.terms))
    guard let shape = try? forward.evaluate()[0].shape else { return [forward] }
    let dy = OperatorCase.Operand.variable(.sample(shape, seed: 4))
    // The gradient by X has at most as many terms as W has elements.
    return [
      forward,
      OperatorCase(name, setting.variant + ", no bias", [.variable(x), .variable(w)], setting.attributes, rounding: sum(of: setting.terms)),
      OperatorCase(
        OperatorName(name.type + "InputGradient", domain: "pare"), setting.variant, [dy, .variable(w), .variable(x)],
        setting.attributes, rounding: sum(of: setting.w.elementCount)),
      OperatorCase(
        OperatorName(name.type + "WeightGradient", domain: "pare"), setting.variant, [dy, .variable(x), .variable(w)],
        setting.attributes, rounding: sum(of: setting.positions)),
    ]
  }

  static let convolution: [OperatorCase] =
    convolutions.flatMap { cases("Conv", $0, outputChannels: $0.w[0]) }
    + transposed.flatMap { setting in
      let groups = if case .int(let groups)? = setting.attributes["group"] { groups } else { 1 }
      return cases("ConvTranspose", setting, outputChannels: setting.w[1] * groups)
    }
}
