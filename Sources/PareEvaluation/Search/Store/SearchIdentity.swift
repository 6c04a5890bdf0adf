/// What a search is made of. A search that goes on must be the one that began: everything here is compared.
package struct SearchIdentity: Sendable, Equatable {
  /// The search as JSON, its length left out, and the experiment, what `pare run` makes of it left out.
  package var specification: String
  package var experiment: String
  /// Digests of candles, features, labels and split; of the teacher; of the cost table, with the kernels that it is of.
  package var data: String
  package var teacher: String
  package var costs: String
  package var kernels: String

  package init(specification: String, experiment: String, data: String, teacher: String, costs: String, kernels: String) {
    (self.specification, self.experiment, self.data) = (specification, experiment, data)
    (self.teacher, self.costs, self.kernels) = (teacher, costs, kernels)
  }

  /// The parts by name, those first that explain the others.
  private static var parts: [(name: String, value: @Sendable (SearchIdentity) -> String, isDigest: Bool)] {
    [
      ("search file", { $0.specification }, false), ("experiment", { $0.experiment }, false), ("kernels", { $0.kernels }, true),
      ("cost table", { $0.costs }, true), ("data", { $0.data }, true), ("teacher", { $0.teacher }, true),
    ]
  }

  /// - Parameter path: of the stored search.
  /// - Throws: `evaluation.search-changed`, naming the first part in which they differ; one that is empty here is not known yet.
  package func require(matches now: SearchIdentity, path: String) throws {
    for part in Self.parts {
      let (stored, given) = (part.value(self), part.value(now))
      guard !given.isEmpty, stored != given else { continue }
      throw EvaluationError(
        "search-changed", subject: path,
        expected: "the \(part.name) that the search began with\(part.isDigest ? " (\(stored))" : ""), or --restart, which begins anew",
        found: part.isDigest ? given : "another")
    }
  }
}

/// A search as its database holds it, but for the trials.
package struct StoredSearch: Sendable, Equatable {
  package var identity: SearchIdentity
  /// The file as it was written.
  package var text: String
  /// Where the data come from, in words.
  package var source: String
  /// Log loss on the validation part of saying the class frequencies.
  package var uninformedLogLoss: Double
  /// Trials that there are to be.
  package var planned: Int

  package init(identity: SearchIdentity, text: String, source: String, uninformedLogLoss: Double, planned: Int) {
    self.identity = identity
    self.text = text
    self.source = source
    self.uninformedLogLoss = uninformedLogLoss
    self.planned = planned
  }
}
