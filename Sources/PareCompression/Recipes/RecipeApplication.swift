import PareGraph

/// What a recipe made of a model, and what each step did.
public struct CompressedModel: Sendable {
  public var model: Model
  public var steps: [StepReport]

  public init(model: Model, steps: [StepReport]) {
    self.model = model
    self.steps = steps
  }
}

extension Recipe {
  /// The section of a model that holds the recipe which made it.
  public static let section = "recipe"

  /// Applies the steps one after another.
  ///
  /// The model that comes out carries the recipe in its section `"recipe"`, with every default spelled out; where the
  /// model that goes in has one already, its steps stand before.
  ///
  /// Parameters have to be numbers, whatever the steps: those that training changes finite, and no other NaN. That is checked once
  /// before the first step, and of what each step makes.
  ///
  /// - Throws: what a step throws; `CompressionError` `compression.range` and `compression.non-finite-value` before anything is done.
  public func apply(to model: Model, in context: CompressionContext) throws -> CompressedModel {
    try validate()
    try model.graph.requireNumbers()
    var result = CompressedModel(model: model, steps: [])
    for (index, step) in steps.enumerated() {
      let before = result.model.graph
      if step.effects.undoes[.coding] != nil { result.model.isPacked = false }
      let compressed = try step.compress(result.model, in: context)
      let after = compressed.model.graph
      do {
        try after.requireNumbers()
      } catch let error as CompressionError {
        throw error.within("after steps[\(index)], '\(type(of: step).name)'")
      }
      result.model = compressed.model
      result.steps.append(
        StepReport(
          technique: type(of: step).name,
          parameters: .init(before: before.learnedElementCount, after: after.learnedElementCount),
          bytes: .init(before: before.storedByteCount, after: after.storedByteCount),
          layers: compressed.layers,
          figures: try context.measure(compressed.model)))
    }
    let earlier = try model.sections[Self.section].map { try Recipe(yaml: $0, source: "section '\(Self.section)'").steps }
    result.model.sections[Self.section] = try Recipe(name: name, steps: (earlier ?? []) + steps).json()
    return result
  }
}
