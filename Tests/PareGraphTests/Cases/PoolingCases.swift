import PareGraph
import PareTensor

extension OperatorCases {
  private struct Setting {
    var variant: String
    var x: Shape
    var attributes: [String: Attribute]
  }

  private static let windows: [Setting] = [
    Setting(variant: "of one axis", x: [2, 2, 5], attributes: ["kernel_shape": .ints([2])]),
    Setting(
      variant: "of one axis, padded, strided, rounded up", x: [1, 2, 6],
      attributes: ["kernel_shape": .ints([3]), "strides": .ints([2]), "pads": .ints([1, 0]), "ceil_mode": .int(1)]),
    Setting(
      variant: "of two axes, dilated", x: [1, 2, 5, 4],
      attributes: ["kernel_shape": .ints([2, 2]), "dilations": .ints([2, 1]), "pads": .ints([1, 0, 1, 1])]),
    Setting(
      variant: "of two axes, the same extents", x: [1, 1, 5, 5],
      attributes: ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "auto_pad": .string("SAME_UPPER")]),
    Setting(variant: "of three axes", x: [1, 1, 3, 2, 3], attributes: ["kernel_shape": .ints([2, 1, 2])]),
  ]

  /// A pool and its gradient on the same X.
  private static func cases(
    _ name: OperatorName, _ setting: Setting, _ extra: [String: Attribute] = [:], variant: String = "",
    rounding: OperatorCase.Rounding, gradientRounding: OperatorCase.Rounding
  ) -> [OperatorCase] {
    let attributes = setting.attributes.merging(extra) { $1 }
    let forward = OperatorCase(
      name, setting.variant + variant, [.variable(.sample(setting.x))], attributes, rounding: rounding)
    guard let y = try? forward.evaluate()[0] else { return [forward] }
    return [
      forward,
      OperatorCase(
        OperatorName(name.type + "Gradient", domain: "pare"), setting.variant + variant,
        [.variable(.sample(y.shape, seed: 2)), .variable(.sample(setting.x)), .variable(y)], attributes,
        rounding: gradientRounding),
    ]
  }

  // Windows and planes of up to 15 elements of at most 2; an element lies under at most 9 windows, whose shares add up.
  // A p-th power of at most 2 is within 2 units in the last place, 4 roundings, and so is a root.
  static let pooling: [OperatorCase] = windowed + powers + indexed + global

  private static let windowed: [OperatorCase] = windows.flatMap { setting in
    [
      cases("MaxPool", setting, rounding: .exact, gradientRounding: .init(9, upTo: 18)),
      cases("AveragePool", setting, rounding: .init(10, upTo: 2), gradientRounding: .init(10, upTo: 18)),
      cases(
        "AveragePool", setting, ["count_include_pad": .int(1)], variant: ", padding counted", rounding: .init(10, upTo: 2),
        gradientRounding: .init(10, upTo: 18)),
      cases("LpPool", setting, rounding: .init(11, upTo: 6), gradientRounding: .init(20, upTo: 18)),
    ].flatMap { $0 }
  }

  private static let powers: [OperatorCase] = [1, 3].flatMap { p in
    cases(
      "LpPool", windows[1], ["p": .int(p)], variant: ", p = \(p)", rounding: .init(16, upTo: 6),
      gradientRounding: .init(24, upTo: 18))
  }

  private static let indexed: [OperatorCase] = [
    OperatorCase(
      "MaxPool", "with indices", [.variable(.sample([1, 2, 4, 3]))],
      ["kernel_shape": .ints([2, 2]), "storage_order": .int(1)], outputs: 2)
  ]

  private static let planes = [
    Setting(variant: "", x: [2, 3, 5], attributes: [:]), Setting(variant: "of two axes", x: [1, 2, 3, 5], attributes: [:]),
  ]

  private static let global: [OperatorCase] = planes.flatMap { setting in
    [
      cases("GlobalMaxPool", setting, rounding: .exact, gradientRounding: .exact),
      cases("GlobalAveragePool", setting, rounding: .init(16, upTo: 2), gradientRounding: .init(2, upTo: 2)),
      cases("GlobalLpPool", setting, rounding: .init(17, upTo: 8), gradientRounding: .init(6, upTo: 2)),
      cases(
        "GlobalLpPool", setting, ["p": .int(3)], variant: " p = 3", rounding: .init(24, upTo: 8),
        gradientRounding: .init(12, upTo: 2)),
    ].flatMap { $0 }
  }
}
