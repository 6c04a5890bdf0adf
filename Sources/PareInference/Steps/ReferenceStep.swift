import PareGraph

/// A node without a kernel. What its reference keeps in memory between its passes (the state of a recurrent layer, the
/// mean of a row) belongs to one thread, so every context prepares an evaluation of its own.
struct ReferenceStep: Sendable {
  private let context: PreparationContext

  /// - Throws: what the operator does not support, here and not when a context is made.
  init(_ context: PreparationContext) throws {
    self.context = context
    _ = try OperatorCatalogue.prepare(context)
  }

  /// An evaluation that nobody else has.
  func evaluation() -> Evaluation {
    do {
      return try OperatorCatalogue.prepare(context)
    } catch {
      // It was prepared before and depends on nothing else; should it fail yet, whoever runs it is told.
      return { _ in throw error }
    }
  }
}
