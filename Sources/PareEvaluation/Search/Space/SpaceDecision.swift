/// A place in a space at which one of several options is taken.
package struct SpaceDecision: Sendable, Hashable {
  /// Its place in the search file: `space[0].sparsity`.
  package let path: String
  /// What can be taken, in words.
  package let options: [String]
  /// The rank of each option where all are different numbers; nil where they have no order.
  package let order: [Int]?
  /// What must be taken elsewhere for a point to come by here.
  package let needs: [Taken]

  /// An option of another decision.
  package struct Taken: Sendable, Hashable {
    package let decision: Int
    package let option: Int
  }

  init(path: String, options: [String], needs: [Taken]) {
    self.path = path
    self.options = options
    self.needs = needs
    let numbers = options.compactMap(Double.init)
    let isOrdered = numbers.count == options.count && numbers.allSatisfy(\.isFinite) && Set(numbers).count == numbers.count
    order = isOrdered ? numbers.map { number in numbers.count { $0 < number } } : nil
  }
}
