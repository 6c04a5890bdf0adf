/// What is wrong with the order of a recipe's steps: what cannot follow is an error, what undoes an earlier step a warning.
struct RecipeOrder {
  private let steps: [any CompressionTechnique]

  init(_ steps: [any CompressionTechnique]) {
    self.steps = steps
  }

  /// - Throws: `CompressionError` `compression.order`, naming both steps and the reason.
  func validate(at path: ParameterPath) throws {
    var quantized: Int?
    for (index, step) in steps.enumerated() {
      let effects = step.effects
      if let quantized, effects.needsRealWeights {
        throw CompressionError(
          "order", subject: path.index(index).description, expected: "nothing that works on Float32 weights after steps[\(quantized)], "
            + "'\(type(of: steps[quantized]).name)', which leaves none", found: "'\(type(of: step).name)'")
      }
      if effects.undoes[.integers] != nil { quantized = nil }
      if effects.makes.contains(.integers) { quantized = index }
    }
  }

  /// One sentence for each property that a step makes and a later one undoes.
  var warnings: [String] {
    var warnings: [String] = []
    var makers: [WeightEffects.Property: Int] = [:]
    for (index, step) in steps.enumerated() {
      let effects = step.effects
      for property in WeightEffects.Property.allCases {
        if let maker = makers[property], let reason = effects.undoes[property] {
          warnings.append(
            "steps[\(index)], '\(type(of: step).name)', undoes the \(property.rawValue) of steps[\(maker)], "
              + "'\(type(of: steps[maker]).name)': \(reason)")
          makers[property] = nil
        }
        if effects.makes.contains(property) { makers[property] = index }
      }
    }
    return warnings
  }
}
